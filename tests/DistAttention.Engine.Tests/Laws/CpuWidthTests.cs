namespace DistAttention.Engine.Tests.Laws;

/// <summary>
/// The bits do not depend on the vector width of the CPU: child processes with narrower ones give the golden digests too.
/// Only a new arithmetic version may change those, and then by hand:
/// <c>dotnet run -c Release --project tests/DistAttention.DigestRunner all &gt; tests/DistAttention.Engine.Tests/Laws/GoldenDigests.txt</c>.
/// </summary>
public sealed class CpuWidthTests
{
    private static readonly string[] _golden = File.ReadAllLines(
        Path.Combine(Repository.Root, "tests", "DistAttention.Engine.Tests", "Laws", "GoldenDigests.txt"));

    [Fact]
    public async Task AsWideAsThisMachineGoes()
    {
        (string[] printed, _) = await DigestsAsync("all");
        Assert.Equal($"# arithmetic version {SequenceFormat.ArithmeticVersion}", _golden[0]);
        Assert.Equal(Digests(_golden), Digests(printed));
        Assert.Equal(printed.Length - 1, Digests(printed).Select(static d => d.Split(' ')[1]).Distinct().Count());
    }

    [Fact]
    public async Task WithoutAvx512()
    {
        (string[] printed, string widths) = await DigestsAsync("all", ("DOTNET_EnableAVX512", "0"));
        Assert.Contains("Vector512 False", widths, StringComparison.Ordinal);
        Assert.Equal(Digests(_golden), Digests(printed));
    }

    [Fact]
    public async Task WithoutFusedMultiplyAddHardware()
    {
        // It is then done in software, so few and small.
        (string[] printed, string widths) = await DigestsAsync("small", ("DOTNET_EnableAVX2", "0"));
        Assert.Equal("Vector512 False, Vector256 False, Avx2 False, Fma False", widths);
        string[] digests = Digests(printed);
        Assert.True(digests.Length >= 20);
        Assert.Subset(Digests(_golden).ToHashSet(), digests.ToHashSet());
    }

    private static string[] Digests(string[] lines) => [.. lines.Where(static l => !l.StartsWith('#'))];

    private static async Task<(string[] Lines, string Widths)> DigestsAsync(string cases, params (string Name, string Value)[] environment)
    {
        (string output, string notes) = await Repository.RunAsync("DistAttention.DigestRunner", [cases], environment);
        return (output.Split('\n', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries), notes.Trim());
    }
}
