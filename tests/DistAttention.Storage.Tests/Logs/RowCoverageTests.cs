using DistAttention.Storage.Logs;

namespace DistAttention.Storage.Tests.Logs;

public sealed class RowCoverageTests
{
    [Fact]
    public void ItSaysWhatAListOfRowsSays()
    {
        for (int seed = 0; seed < 100; seed++)
        {
            Random chance = new(seed);
            RowCoverage coverage = new();
            bool[] seen = new bool[40];
            for (int i = 0; i < chance.Next(12); i++)
            {
                int first = chance.Next(38);
                int end = first + chance.Next(0, Math.Min(10, 40 - first));
                coverage.Add(new PositionRange(first, end));
                seen.AsSpan(first, end - first).Fill(true);
            }

            int contiguous = Array.IndexOf(seen, false);
            Assert.Equal(contiguous, coverage.ContiguousEnd);
            for (int required = 0; required <= 40; required++)
            {
                IEnumerable<long> missing = coverage.MissingOf(required).SelectMany(static r => Enumerable.Range((int)r.Start, (int)r.Length).Select(static i => (long)i));
                Assert.Equal(Enumerable.Range(0, required).Where(i => !seen[i]).Select(static i => (long)i), missing);
            }
        }
    }
}
