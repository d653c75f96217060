using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using DistAttention.Cli.Tests.Running;

namespace DistAttention.Cli.Tests.Demo;

/// <summary>The verb as a user runs it.</summary>
public sealed class DemoTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("distattn-demo-tests-").FullName;
    private readonly string _handbook;

    public DemoTests()
    {
        _handbook = Path.Combine(_folder, "handbook.txt");
        File.WriteAllText(_handbook, SampleText.Handbook);
    }

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public async Task People_read_passages_a_map_and_figures()
    {
        Ended ended = (await Distattn.RunAsync("demo", "--embedded", "--document", _handbook, "--ask", "Who owns wreckage?")).Ok();
        Assert.Contains("Who owns wreckage?", ended.Out, StringComparison.Ordinal);
        Assert.Contains("wreckage is the property of the Crown", ended.Out, StringComparison.Ordinal);
        Assert.Matches(@"\n  1  \d+ %  lines? \d+", ended.Out);
        Assert.Matches(@"\n  all heads [ ▁▂▃▄▅▆▇█]+\n", ended.Out);
        Assert.Matches(@"\nexactness +48 random rows against float64: largest error \d\.\de-\d", ended.Out);
        Assert.Contains("that was never built", ended.Out, StringComparison.Ordinal);
        Assert.Contains("nothing is learned", ended.Out, StringComparison.Ordinal);
        Assert.All(ended.Out.Split('\n')[..^8], static line => Assert.InRange(line.Length, 0, 80));
    }

    [Fact]
    public async Task Programs_read_one_JSON_object_whose_digests_know_no_threads_and_no_shards()
    {
        string[] common = ["demo", "--embedded", "--document", _handbook, "--ask", "How is the lens cleaned?", "--tokens", "2500", "--json"];
        JsonNode one = (await Distattn.RunAsync([.. common, "--threads", "1", "--shard-length", "1024"])).Ok().Json;
        JsonNode two = (await Distattn.RunAsync([.. common, "--threads", "2"])).Ok().Json;
        Assert.Equal(one["sha256"]!.ToJsonString(), two["sha256"]!.ToJsonString());
        Assert.Equal(one["questions"]!.ToJsonString(), two["questions"]!.ToJsonString());
        Assert.Equal(2500, (int)one["tokens"]!);
        Assert.InRange((double)one["check"]!["maxOutputError"]!, 0, 1e-5);
        Assert.True((bool)one["check"]!["right"]!);
        Assert.Equal(8.0 * 2501 * 2501 * 4, (double)one["memory"]!["matrixBytes"]!);
        JsonNode passage = one["questions"]![0]!["passages"]![0]!;
        Assert.Contains("soft cloth", passage["lines"]!.ToJsonString(), StringComparison.Ordinal);
        Assert.Equal(_handbook, (string)passage["document"]!);
    }

    [Fact]
    public async Task The_page_needs_nothing_else_and_runs_nothing_of_the_text()
    {
        string hostile = Path.Combine(_folder, "<img src=x onerror=alert(1)>.txt");
        File.WriteAllText(hostile, "A harbour </script><script>alert('pwned')</script> stands here.\nIts <b onclick=\"x()\">lamp</b> burns & glows. ]]> <!-- \u202E \u001b[31m\n");
        string page = Path.Combine(_folder, "page.html");
        Ended ended = (await Distattn.RunAsync("demo", "--embedded", "--document", hostile, _handbook, "--ask", "Where does the </script><script>harbour lamp burn?", "--html", page)).Ok();
        string html = await File.ReadAllTextAsync(page);
        Assert.Equal(2, Regex.Count(html, "<script", RegexOptions.IgnoreCase));
        Assert.Equal(2, Regex.Count(html, "</script", RegexOptions.IgnoreCase));
        Assert.DoesNotContain("<img", html, StringComparison.OrdinalIgnoreCase);
        Assert.DoesNotContain("<b onclick", html, StringComparison.Ordinal);
        Assert.DoesNotMatch(@"<[^>]+\s(src|href)\s*=", html);
        Assert.DoesNotMatch(@"@import|url\(", html);
        Assert.Contains("default-src 'none'", html, StringComparison.Ordinal);
        Assert.Contains("&lt;script&gt;", html, StringComparison.Ordinal);
        Assert.Contains("<mark>", html, StringComparison.Ordinal);
        JsonNode data = JsonNode.Parse(Regex.Match(html, "<script id=\"data\" type=\"application/json\">(.*?)</script>", RegexOptions.Singleline).Groups[1].Value)!;
        Assert.Equal(2, data["documents"]!.AsArray().Count);
        Assert.Equal(9, data["questions"]![0]!["rows"]!.AsArray().Count);
        Assert.Equal(8, data["overview"]!["heads"]!.AsArray().Count);
        Assert.DoesNotContain('\u202E', ended.Out);
        Assert.Empty(Directory.EnumerateFiles(_folder, ".*"));
    }

    [Fact]
    public async Task The_default_document_is_there()
    {
        JsonNode report = (await Distattn.RunAsync("demo", "--embedded", "--tokens", "1500", "--json")).Ok().Json;
        Assert.EndsWith("ThirdPartyNotices.txt", (string)report["documents"]![0]!, StringComparison.Ordinal);
        Assert.NotEmpty(report["questions"]!.AsArray());
    }

    [Fact]
    public async Task What_cannot_be_done_is_said_in_one_line()
    {
        string bad = Path.Combine(_folder, "bad.txt");
        File.WriteAllBytes(bad, [0x61, 0xFF]);
        (await Distattn.RunAsync("demo", "--embedded", "--document", bad)).Failed(1, "bad.txt is not UTF-8 text: byte 1 (0xFF)");
        (await Distattn.RunAsync("demo", "--embedded", "--document", _handbook, "--html", _handbook)).Failed(1, "would be overwritten");
        (await Distattn.RunAsync("demo", "--embedded", "--document", _handbook, "--html", "/dev/null")).Failed(1, "device");
        (await Distattn.RunAsync("demo", "--ask", " ")).Failed(2, "at least one word");
        (await Distattn.RunAsync("demo", "--shard-length", "3000")).Failed(2, "3000 is not a power of two");
        Assert.Equal(SampleText.Handbook, await File.ReadAllTextAsync(_handbook));
        Assert.Empty(Directory.EnumerateFiles(_folder, ".*"));
    }
}
