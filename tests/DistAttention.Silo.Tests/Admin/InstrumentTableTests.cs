using System.Diagnostics.Metrics;
using System.Text;
using DistAttention.Engine;
using DistAttention.Engine.Telemetry;
using DistAttention.Silo.Admin.Metrics;

namespace DistAttention.Silo.Tests.Admin;

/// <summary>The page of instruments says what the program has. <c>DISTATTN_WRITE_DOCS=1</c> writes it anew.</summary>
public sealed class InstrumentTableTests
{
    private const string Begin = "<!-- instruments: written by InstrumentTableTests with DISTATTN_WRITE_DOCS=1 -->\n";
    private const string End = "<!-- end of instruments -->";

    [Fact]
    public async Task ThePageListsEveryInstrument()
    {
        string file = Path.Combine(Root(), "silo", "DistAttention.Silo", "METRICS.md");
        string page = await File.ReadAllTextAsync(file);
        string expected = Begin + await TableAsync();
        int begin = page.IndexOf(Begin, StringComparison.Ordinal);
        int end = page.IndexOf(End, StringComparison.Ordinal);
        Assert.True(begin >= 0 && end > begin, $"{file} has no marks");
        if (Environment.GetEnvironmentVariable("DISTATTN_WRITE_DOCS") == "1")
        {
            await File.WriteAllTextAsync(file, page[..begin] + expected + page[end..]);
            return;
        }

        Assert.Equal(expected, page[begin..end]);
    }

    private static async Task<string> TableAsync()
    {
        await using EmbeddedAttention engine = new(new EmbeddedOptions { ComputeThreads = 1 });
        using MetricStore store = new(m => m == engine.Meter.Meter);
        StringBuilder table = new("| instrument | kind | unit | at `/metrics` | what it says |\n|---|---|---|---|---|\n");
        foreach (MetricFamily family in store.Look())
        {
            Instrument i = family.Instrument;
            string kind = family.Kind switch { MetricKind.Counter or MetricKind.ObservedCounter => "counter", MetricKind.Histogram => "histogram", _ => "gauge" };
            table.Append($"| `{i.Name}` | {kind} | `{i.Unit}` | `{PrometheusText.NameOf(i, family.Kind)}` | {i.Description} |\n");
        }

        return table.ToString();
    }

    private static string Root()
    {
        string folder = AppContext.BaseDirectory;
        while (!File.Exists(Path.Combine(folder, "DistAttention.sln")))
        {
            folder = Path.GetDirectoryName(folder)!;
        }

        return folder;
    }
}
