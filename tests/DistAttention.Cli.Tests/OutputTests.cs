using System.Diagnostics;
using System.Text.Json.Nodes;
using DistAttention.Cli.Tests.Running;

namespace DistAttention.Cli.Tests;

/// <summary>What goes where: data on stdout, notes on stderr, files whole or not at all.</summary>
public sealed class OutputTests : IDisposable
{
    private const int Sigint = 2;

    private readonly Workspace _files = new();

    public OutputTests()
    {
        _files.WriteNormal("q.npy", 1, 10, 2, 8);
        _files.WriteNormal("k.npy", 2, 20, 2, 8);
        _files.WriteNormal("v.npy", 3, 20, 2, 8);
    }

    public void Dispose() => _files.Dispose();

    [Fact]
    public async Task Stdout_is_empty_without_json_and_only_json_with_it()
    {
        Ended plain = (await Distattn.RunAsync(_files.Attend())).Ok();
        Assert.Equal("", plain.Out);
        Assert.Contains("10 rows × 2 heads over 20 positions, full, float32", plain.Error, StringComparison.Ordinal);
        Assert.DoesNotContain("lse", plain.Error, StringComparison.Ordinal);

        Ended json = (await Distattn.RunAsync(_files.Attend("--json", "--lse", _files["lse.npy"], "--mask", "causal", "--scale", "2"))).Ok();
        JsonNode report = json.Json;
        Assert.Equal("[10,2,8]", report["o"]!.ToJsonString());
        Assert.Equal("causal", (string)report["mask"]!);
        Assert.Equal(2, (double)report["scale"]!);
        Assert.Equal(10, (long)report["firstQueryPosition"]!);
        Assert.Equal("float32", (string)report["kvType"]!);
        Assert.Equal(16_384, (int)report["shardLength"]!);
        Assert.InRange((double)report["seconds"]!["total"]!, 0, 60);
        Assert.InRange((double)report["gflops"]!, 0, 1e6);
        byte[] o = File.ReadAllBytes(_files["o.npy"]);
        Assert.Equal(Convert.ToHexStringLower(System.Security.Cryptography.SHA256.HashData(o.AsSpan(o.Length - (10 * 2 * 8 * 4)))), (string)report["sha256"]!["o"]!);
        Assert.Matches("^[0-9a-f]{64}$", (string)report["sha256"]!["lse"]!);
    }

    [Fact]
    public async Task An_input_is_never_an_output()
    {
        string link = _files["link.npy"];
        File.CreateSymbolicLink(link, _files["k.npy"]);
        byte[] k = File.ReadAllBytes(_files["k.npy"]);
        foreach (string path in (string[])[_files["k.npy"], link, _files["./k.npy"]])
        {
            (await Distattn.RunAsync("attend", "--q", _files["q.npy"], "--k", _files["k.npy"], "--v", _files["v.npy"], "--out", path)).Failed(1, "is an input");
        }

        (await Distattn.RunAsync(_files.Attend("--lse", _files["q.npy"]))).Failed(1, "is an input");
        (await Distattn.RunAsync(_files.Attend("--lse", _files["o.npy"]))).Failed(1, "--out and --lse are both");
        Assert.Equal(k, File.ReadAllBytes(_files["k.npy"]));
    }

    [Fact]
    public async Task A_failed_run_keeps_the_output_of_the_one_before()
    {
        (await Distattn.RunAsync(_files.Attend())).Ok();
        byte[] before = File.ReadAllBytes(_files["o.npy"]);
        _files.Write("v.npy", [.. Enumerable.Repeat(float.NaN, 320)], 20, 2, 8);
        string[] names = [.. _files.Names];

        (await Distattn.RunAsync(_files.Attend())).Failed(1, "v.npy: token 0, head 0 ");

        Assert.Equal(before, File.ReadAllBytes(_files["o.npy"]));
        Assert.Equal(names, _files.Names);
    }

    [Fact]
    public async Task An_interrupt_stops_at_once_and_leaves_nothing()
    {
        if (OperatingSystem.IsWindows())
        {
            return; // a console's Ctrl-C cannot be sent to one process there
        }

        const int tokens = 100_000; // minutes of work
        float[] values = new float[tokens * 16];
        foreach (string name in (string[])["q.npy", "k.npy", "v.npy"])
        {
            _files.Write(name, values, tokens, 16, 1);
        }

        using Process process = Distattn.Start([], _files.Attend());
        while (!_files.Names.Any(static name => name.EndsWith(".tmp", StringComparison.Ordinal)))
        {
            Assert.False(process.HasExited);
            await Task.Delay(10); // another process tells nobody: it has to be looked at
        }

        await Task.Delay(TimeSpan.FromMilliseconds(500)); // into the work
        Stopwatch waiting = Stopwatch.StartNew();
        using (Process kill = Distattn.StartProgram("kill", [], $"-{Sigint}", $"{process.Id}"))
        {
            await Distattn.EndAsync(kill);
        }

        (await Distattn.EndAsync(process)).Failed(130, "distattn: stopped");
        Assert.InRange(waiting.Elapsed.TotalSeconds, 0, 5);
        Assert.Equal(["k.npy", "q.npy", "v.npy"], _files.Names);
    }

    [Fact]
    public async Task A_reader_that_leaves_early_is_no_error()
    {
        using Process process = Distattn.Start([], "explain", "--q", _files["q.npy"], "--k", _files["k.npy"], "--v", _files["v.npy"], "--json");
        process.StandardOutput.Close();
        await process.WaitForExitAsync();

        Assert.Equal("", await process.StandardError.ReadToEndAsync());
        Assert.Equal(0, process.ExitCode);
    }

    [Fact]
    public async Task A_terminal_gets_colours_unless_NO_COLOR_is_set()
    {
        const string script = "/usr/bin/script"; // gives a program a terminal
        if (!File.Exists(script) || !OperatingSystem.IsLinux())
        {
            return;
        }

        Assert.Contains("\u001b[38;5;8mattended", await OnTerminalAsync(("TERM", "xterm-256color"), ("COLORTERM", "")), StringComparison.Ordinal);
        Assert.DoesNotContain("\u001b[38", await OnTerminalAsync(("TERM", "xterm-256color"), ("NO_COLOR", "1")), StringComparison.Ordinal);
        Assert.DoesNotContain("\u001b", await OnTerminalAsync(("TERM", "dumb"), ("COLORTERM", "")), StringComparison.Ordinal);

        async Task<string> OnTerminalAsync(params (string, string)[] environment)
        {
            string line = string.Join(' ', _files.Attend().Prepend(Distattn.Path).Select(static word => $"'{word}'"));
            using Process process = Distattn.StartProgram(script, environment, "-q", "-e", "-c", line, "/dev/null");
            Ended ended = await Distattn.EndAsync(process);
            Assert.Equal(0, ended.ExitCode);
            return ended.Out;
        }
    }

    [Fact]
    public async Task Details_are_printed_only_when_asked_for()
    {
        string[] arguments = ["explain", "--q", _files["none.npy"], "--k", _files["k.npy"], "--v", _files["v.npy"]];

        (await Distattn.RunAsync(arguments)).Failed(1, "there is no such file");
        Assert.Contains("   at DistAttention.", (await Distattn.RunAsync([("DISTATTN_DEBUG", "1")], arguments)).Error, StringComparison.Ordinal);
    }
}
