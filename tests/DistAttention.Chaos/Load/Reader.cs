using System.Diagnostics;
using DistAttention.Testing;

namespace DistAttention.Chaos.Load;

/// <summary>Asks at lengths that are acknowledged, with a pause between queries or none, and holds every answer against one process.</summary>
internal sealed class Reader(IAttentionSequence sequence, ModelSequence model, ILoadReport report, ulong seed, TimeSpan pace = default)
{
    private static readonly TimeSpan _pause = TimeSpan.FromMilliseconds(50);
    private static readonly TimeSpan _timeout = TimeSpan.FromSeconds(20);

    private readonly SeededData _data = new(seed);

    public async Task RunAsync(CancellationToken enough, CancellationToken cancellationToken)
    {
        while (!enough.IsCancellationRequested)
        {
            long known = model.Known;
            if (known == 0)
            {
                await Task.Delay(_pause, cancellationToken).ConfigureAwait(false);
                continue;
            }

            // Mostly the end, as when generating; otherwise anything.
            long length = _data.NextInt(4) > 0 ? known : 1 + (long)(_data.NextUniform() * (known - 1));
            await AskAsync(length, 1 + _data.NextInt(3), cancellationToken).ConfigureAwait(false);
            await Task.Delay(pace, cancellationToken).ConfigureAwait(false);
        }
    }

    /// <summary>One query, until it is answered.</summary>
    public async Task AskAsync(long length, int rows, CancellationToken cancellationToken)
    {
        float[] q = _data.Normal(rows * model.Spec.NumHeadsQ * model.Spec.HeadDim);
        AttendOptions options = new()
        {
            Length = length,
            Mask = _data.NextInt(2) == 0 ? AttentionMask.Full : AttentionMask.Causal,
            Timeout = _timeout,
        };
        long started = Stopwatch.GetTimestamp();
        while (true)
        {
            try
            {
                string answer = ModelSequence.DigestOf(await sequence.AttendAsync(q, options, cancellationToken).ConfigureAwait(false));
                report.Answered(Stopwatch.GetElapsedTime(started));
                if (answer != await model.ExpectedAsync(q, options).ConfigureAwait(false))
                {
                    report.WrongAnswer($"{model.Name}: {rows} rows over {length} positions have other bits than in one process");
                }

                return;
            }
            catch (InvalidSpecException e) when (!cancellationToken.IsCancellationRequested)
            {
                report.LostRows(1, $"{model.Name}: {length} positions were acknowledged: {e.Message}");
                return;
            }
            catch (Exception e) when (!cancellationToken.IsCancellationRequested)
            {
                report.Failed(e);
                if (e is ShardLostException or StorageDamagedException or SequenceNotFoundException)
                {
                    report.LostRows(1, $"{model.Name}: {e.Message}");
                    return;
                }

                await Task.Delay(_pause, cancellationToken).ConfigureAwait(false);
            }
        }
    }
}
