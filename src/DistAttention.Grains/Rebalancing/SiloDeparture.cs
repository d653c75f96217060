using DistAttention.Engine.Rebalancing;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Orleans.Runtime;

namespace DistAttention.Grains;

/// <summary>
/// This silo's way out: it gets nothing new, and gives its shards to those that stay while it still answers for them. Then it may be stopped, and callers
/// see nothing of it.
/// </summary>
public sealed partial class SiloDeparture
{
    /// <summary>Plans in a row: what is appended meanwhile may have brought it something.</summary>
    private const int MostRounds = 4;

    /// <summary>Silos that are all told to stop tell each other so within this time; nothing is moved then.</summary>
    private static readonly TimeSpan _together = TimeSpan.FromMilliseconds(150);

    private readonly ShardMover _mover;
    private readonly ClusterSilos _silos;
    private readonly LocalSequences _local;
    private readonly TimeSpan _handOverTime;
    private readonly TimeProvider _time;
    private readonly ILogger<SiloDeparture> _log;

    internal SiloDeparture(ShardMover mover, ClusterSilos silos, LocalSequences local, IOptions<DistAttentionOptions> options, TimeProvider time, ILogger<SiloDeparture> log)
    {
        _mover = mover;
        _silos = silos;
        _local = local;
        _handOverTime = options.Value.HandOverTime;
        _time = time;
        _log = log;
    }

    /// <summary>Whether this silo gets nothing new: it is about to be stopped, or was drained.</summary>
    public bool IsLeaving => _silos.IsLeaving(_silos.Self);

    /// <summary>Hands everything over. Nothing is lost where it does not come to its end: what is not handed over is taken over when this silo has gone.</summary>
    /// <param name="cancellationToken">Ends it.</param>
    public async Task LeaveAsync(CancellationToken cancellationToken)
    {
        long began = _time.GetTimestamp();
        int moved = 0;
        try
        {
            await _mover.TellAsync(_silos.Self, leaves: true).ConfigureAwait(false);
            await Task.Delay(_together, _time, cancellationToken).ConfigureAwait(false);
            for (int round = 0; round < MostRounds && SomebodyStays(); round++)
            {
                OwnershipCensus census = await _mover.CensusAsync(cancellationToken).ConfigureAwait(false);
                RebalancePlan plan = RebalancePlanner.Plan(census.Rooms(_silos.IsLeaving), census.Shards.Where(s => s.Shard.Owner == _silos.Self || !_silos.IsLeaving(s.Shard.Owner)));
                plan = plan with { Moves = [.. plan.Moves.Where(m => m.From == _silos.Self)] };
                if (plan.Moves.Count == 0)
                {
                    break;
                }

                MoveRun run = new();
                await _mover.MoveAsync(run, census, plan, cancellationToken).ConfigureAwait(false);
                moved += run.Done;
            }

            if (SomebodyStays() && !_mover.IsDurable && moved + await _mover.MoveLedgersAsync(_local).ConfigureAwait(false) > 0)
            {
                await Task.Delay(_handOverTime, _time, cancellationToken).ConfigureAwait(false); // whoever asks by an older state can be answered by nobody else
            }

            LogLeft(_log, moved, _time.GetElapsedTime(began).TotalSeconds);
        }
        catch (Exception e) when (e is not OutOfMemoryException)
        {
            LogNotLeft(_log, moved, e);
        }
    }

    private bool SomebodyStays() => _silos.Live().Any(s => s != _silos.Self && !_silos.IsLeaving(s));

    [LoggerMessage(EventId = 230, EventName = "HandedOver", Level = LogLevel.Information, Message = "{Count} shards were handed over in {Seconds:N1} s")]
    private static partial void LogLeft(ILogger log, int count, double seconds);

    [LoggerMessage(EventId = 231, EventName = "NotHandedOver", Level = LogLevel.Warning, Message = "{Count} shards were handed over, and not all: the others are taken over when this silo has gone")]
    private static partial void LogNotLeft(ILogger log, int count, Exception cause);
}
