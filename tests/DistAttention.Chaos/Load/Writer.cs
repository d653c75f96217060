using System.Diagnostics;

namespace DistAttention.Chaos.Load;

/// <summary>Appends, each append until it is acknowledged, however often that takes; with a pause between them, or none.</summary>
internal sealed class Writer(IAttentionSequence sequence, ModelSequence model, ILoadReport report, TimeSpan pace = default)
{
    private static readonly TimeSpan _pause = TimeSpan.FromMilliseconds(100);

    /// <summary>Runs until told; the append that is under way is still acknowledged.</summary>
    /// <param name="first">Number of its first append.</param>
    /// <param name="step">From one number to the next.</param>
    /// <param name="enough">Ends it in order.</param>
    /// <param name="cancellationToken">Ends it at once.</param>
    public async Task RunAsync(ulong first, ulong step, CancellationToken enough, CancellationToken cancellationToken)
    {
        for (ulong operation = first; !enough.IsCancellationRequested; operation += step)
        {
            int count = model.CountOf(operation);
            (float[] k, float[] v) = model.RowsOf(operation, count);
            AppendOptions options = new() { OperationId = OperationId.New() };
            long started = Stopwatch.GetTimestamp();
            while (true)
            {
                try
                {
                    AppendResult result = await sequence.AppendAsync(k, v, options, cancellationToken).ConfigureAwait(false);
                    report.Appended(count, Stopwatch.GetElapsedTime(started));
                    if (await model.AddAsync(operation, result).ConfigureAwait(false) is { } impossible)
                    {
                        report.WrongAnswer(impossible);
                    }

                    await Task.Delay(pace, cancellationToken).ConfigureAwait(false);
                    break;
                }
                catch (Exception e) when (!cancellationToken.IsCancellationRequested)
                {
                    report.Failed(e);
                    await Task.Delay(_pause, cancellationToken).ConfigureAwait(false);
                }
            }
        }
    }
}
