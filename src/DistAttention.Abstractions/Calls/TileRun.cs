namespace DistAttention.Calls;

/// <summary>Runs the tiles of a call, a bounded number at a time; the first failure stops the rest and is what the call throws.</summary>
internal static class TileRun
{
    public static async Task ForEachAsync(long rows, int tileRows, int inFlight, Func<long, int, CancellationToken, Task> run, CancellationToken cancellationToken)
    {
        if (rows <= tileRows)
        {
            if (rows > 0)
            {
                await run(0, (int)rows, cancellationToken).ConfigureAwait(false);
            }

            return;
        }

        ParallelOptions parallel = new() { MaxDegreeOfParallelism = inFlight, CancellationToken = cancellationToken };
        await Parallel.ForEachAsync(FirstRows(rows, tileRows), parallel, async (first, token) =>
            await run(first, (int)Math.Min(tileRows, rows - first), token).ConfigureAwait(false)).ConfigureAwait(false);
    }

    private static IEnumerable<long> FirstRows(long rows, int tileRows)
    {
        for (long first = 0; first < rows; first += tileRows)
        {
            yield return first;
        }
    }
}
