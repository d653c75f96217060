namespace DistAttention.Contracts.Tests.Manifest;

/// <summary>
/// Wire types only grow: silos and clients of the builds before serve one cluster with this one while it is upgraded. What any build has sent is
/// recorded beside this file, and must be there, unchanged; what is new is recorded too, before it is used.
/// </summary>
public sealed class WireManifestTests
{
    private const string What = "Silos of earlier builds count on it. Give what is new an id, alias or method of its own; after a deliberate break, remove the line and say so where upgrades are described.";

    [Fact]
    public void WireTypesAndCallsOnlyGrow()
    {
        IReadOnlyList<string> recorded = Recorded("wire.txt");
        IReadOnlyList<string> now = WireManifest.Lines();
        Assert.True(recorded.Except(now).ToList() is [], $"Gone or changed:\n{string.Join('\n', recorded.Except(now))}\n{What}");
        Assert.True(now.Except(recorded).ToList() is [], $"New, to be added to Manifest/wire.txt:\n{string.Join('\n', now.Except(recorded))}");
        Assert.Equal(now.Count, now.Distinct().Count());
    }

    [Fact]
    public void WhatWasEverPackedMeansTheSame()
    {
        Dictionary<string, (string Name, byte[] Bytes, Func<byte[], bool> Means)> now = PackedSamples.All().ToDictionary(static s => s.Name);
        List<string> known = [];
        foreach (string line in Recorded("packed.txt"))
        {
            (string name, string bytes) = (line[..line.IndexOf('\t', StringComparison.Ordinal)], line[(line.IndexOf('\t', StringComparison.Ordinal) + 1)..]);
            Assert.True(now.TryGetValue(name, out (string Name, byte[] Bytes, Func<byte[], bool> Means) sample), $"there is no sample '{name}' any more");
            Assert.True(sample.Means(Convert.FromBase64String(bytes)), $"{name} is read as something else than it was packed from. {What}");
            known.Add(line);
        }

        string[] unknown = [.. now.Values.Select(static s => $"{s.Name}\t{Convert.ToBase64String(s.Bytes)}").Except(known)];
        Assert.True(unknown.Length == 0, $"New, to be added to Manifest/packed.txt:\n{string.Join('\n', unknown)}");
    }

    private static List<string> Recorded(string file) =>
        [.. File.ReadLines(Path.Combine(AppContext.BaseDirectory, "Manifest", file)).Where(static l => l.Length > 0 && l[0] != '#')];
}
