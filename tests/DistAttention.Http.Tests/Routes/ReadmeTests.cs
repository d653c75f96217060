using System.Diagnostics;
using System.Text.RegularExpressions;
using DistAttention.Http.Tests.Serving;
using DistAttention.Testing;

namespace DistAttention.Http.Tests.Routes;

/// <summary>A test that needs curl and a shell.</summary>
public sealed class CurlFactAttribute : FactAttribute
{
    public CurlFactAttribute() => Skip = new[] { "curl", "bash" }.All(static name => (Environment.GetEnvironmentVariable("PATH") ?? "").Split(':').Any(folder => File.Exists(Path.Combine(folder, name))))
        ? null : "there is no curl, or no bash";
}

/// <summary>Runs every example of the page, in its order, and holds the page against the routes.</summary>
public sealed class ReadmeTests
{
    private const string Address = "http://127.0.0.1:8642";

    private static readonly string _page = File.ReadAllText(Path.Combine(Repository.Root, "src", "DistAttention.Http", "README.md"));

    private static IEnumerable<string> Examples => Regex.Matches(_page, "```sh\n(.*?)```", RegexOptions.Singleline).Select(static m => m.Groups[1].Value);

    [Fact]
    public void EveryRouteHasAnExampleAndEveryProblemALine()
    {
        HashSet<string> shown = [];
        foreach (Match call in Regex.Matches(string.Concat(Examples).Replace("\\\n", " ", StringComparison.Ordinal), $@"curl( -I)?( -X (?<method>\w+))? '?{Regex.Escape(Address)}(?<path>[^?'\s]*)"))
        {
            string method = call.Groups["method"] is { Success: true, Value: var given } ? given : call.Groups[1].Success ? "HEAD" : "GET";
            string path = Regex.Replace(Regex.Replace(call.Groups["path"].Value, "^/v1/sequences/[^/]+", "/v1/sequences/{id}"), "^/v1/problems/[^/]+", "/v1/problems/{name}");
            shown.Add($"{method} {path}");
        }

        IEnumerable<string> operations = Documented.Document["paths"]!.AsObject().SelectMany(static path => path.Value!.AsObject().Select(m => $"{m.Key.ToUpperInvariant()} {path.Key}")).Where(static o => !o.StartsWith("HEAD", StringComparison.Ordinal));
        Assert.All(operations, operation => Assert.Contains(operation, shown));
        Assert.All(Http.Problems.ProblemKinds.All, static kind => Assert.Contains($"`{kind.Name}`", _page, StringComparison.Ordinal));
        Assert.All(Http.Parameters.ApiParameters.Attending, static p => Assert.Contains($"`{p.Name}`", _page, StringComparison.Ordinal));
    }

    [CurlFact]
    public async Task EveryExampleRuns()
    {
        await using TestServer server = await TestServer.StartAsync();
        DirectoryInfo folder = Directory.CreateTempSubdirectory("distattn-http-readme-");
        try
        {
            SeededData data = new(1);
            foreach ((string name, int rows, int heads) in new[] { ("k", 1000, 2), ("v", 1000, 2), ("q", 10, 8), ("k1", 1, 2), ("v1", 1, 2), ("q1", 1, 8) })
            {
                File.WriteAllBytes(Path.Combine(folder.FullName, name + ".npy"), Sent.NpyOf(data.Normal(rows * heads * 64), rows, heads, 64));
            }

            byte[] ids = [.. Enumerable.Range(0, 1000).Select(static i => (byte)(i / 300))];
            File.WriteAllBytes(Path.Combine(folder.FullName, "q.safetensors"), Sent.Safetensors("", ("ids", "U8", [1000], ids), ("q", "F32", [10, 8, 64], Sent.Raw(data.Normal(10 * 8 * 64)))));
            string script = "set -e -o pipefail\n" + string.Concat(Examples).Replace(Address, server.Url.ToString().TrimEnd('/'), StringComparison.Ordinal).Replace("curl ", "curl --fail-with-body -sS ", StringComparison.Ordinal);
            using Process process = Process.Start(new ProcessStartInfo("bash", ["-c", script]) { WorkingDirectory = folder.FullName, RedirectStandardError = true, RedirectStandardOutput = true })!;
            Task<string> error = process.StandardError.ReadToEndAsync();
            string output = await process.StandardOutput.ReadToEndAsync();
            await process.WaitForExitAsync();
            Assert.True(process.ExitCode == 0, $"{await error}\n{output}");
            Assert.Equal(2, Sent.ReadNpy(await File.ReadAllBytesAsync(Path.Combine(folder.FullName, "answer.npy"))).Count);
            Assert.Equal(800, (int?)(await server.GetAsync("/v1/sequences/book%2Flayer-0")).Json["length"]);
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }
}
