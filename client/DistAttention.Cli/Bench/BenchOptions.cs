using System.CommandLine;
using DistAttention.Cli.Arguments;
using DistAttention.Cli.Bench.Measuring;

namespace DistAttention.Cli.Bench;

/// <summary>The options that benchmarks within one process share.</summary>
internal sealed class BenchOptions
{
    private readonly Option<string?> _filter = Parsed.Option<string?>("--filter", "TEXT", "Only rows whose name contains this.", static text => text);
    private readonly Option<int?> _threads = Parsed.Option<int?>("--threads", "N", "Threads that compute. Default: all cores.", static text => (int)Parsed.WholeNumber(1, 1024)(text));
    private readonly Option<bool> _quick = new("--quick") { Description = "A sixteenth of every length and three ratios: shows that it runs, says little." };
    private readonly Option<bool> _json = new("--json") { Description = "The rows as JSON on stdout." };

    public void AddTo(Command command)
    {
        command.Add(_filter);
        command.Add(_threads);
        command.Add(_quick);
        command.Add(_json);
    }

    public BenchSettings Settings(ParseResult parsed)
    {
        int threads = parsed.GetValue(_threads) ?? Environment.ProcessorCount;
        return parsed.GetValue(_quick) ? BenchSettings.Quick(threads) : BenchSettings.Full(threads);
    }

    public string? Filter(ParseResult parsed) => parsed.GetValue(_filter);

    public bool Json(ParseResult parsed) => parsed.GetValue(_json);
}
