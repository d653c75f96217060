namespace DistAttention.Kernels.Tests;

public sealed class DigestCasesTests
{
    [Fact]
    public void Names_are_unique_and_digests_repeat()
    {
        List<(string Name, string Digest)> cases = [.. DigestCases.All()];
        Assert.Equal(cases.Count, cases.Select(c => c.Name).Distinct().Count());
        Assert.Equal(cases.Count, cases.Select(c => c.Digest).Distinct().Count());
        Assert.Equal(cases, DigestCases.All());
        Assert.Equal(cases.Take(DigestCases.Small().Count()), DigestCases.Small());
    }
}
