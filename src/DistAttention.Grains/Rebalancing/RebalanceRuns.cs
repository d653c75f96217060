using DistAttention.Contracts;
using DistAttention.Engine.Rebalancing;
using DistAttention.Engine.Shards;
using Microsoft.Extensions.Options;

namespace DistAttention.Grains;

/// <summary>Runs of moving shards, one after the other, and what is known of the latest ones. Calls come one at a time; runs go on beside them.</summary>
internal sealed class RebalanceRuns(ShardMover mover, ClusterSilos silos, IOptions<DistAttentionOptions> options, TimeProvider time)
{
    /// <summary>Runs that are remembered.</summary>
    private const int Kept = 16;

    /// <summary>Plans in a row for a silo that leaves: what is appended meanwhile may have brought it something.</summary>
    private const int MostRounds = 4;

    private readonly Lock _lock = new();
    private readonly List<MoveRun> _runs = [];
    private Task _last = Task.CompletedTask;
    private long _joinedAt;
    private bool _settling;

    /// <summary>Begins a run, once those before it are over, or only plans it.</summary>
    /// <param name="call">What is to be done.</param>
    /// <exception cref="RebalanceRefusedException">It cannot be done.</exception>
    public async Task<RebalanceView> StartAsync(RebalanceCall call)
    {
        OwnershipCensus census = await mover.CensusAsync(CancellationToken.None).ConfigureAwait(false);
        OwnerId? drained = call.Drain is { } drain ? Find(census, drain) : null;
        OwnerId? undrained = call.Undrain is { } undrain ? Find(census, undrain) : null;
        if (drained is { } leaving && census.Silos.All(s => new OwnerId(s.Silo) is var silo && (silo == leaving || silos.IsLeaving(silo))))
        {
            throw new RebalanceRefusedException($"no other silo stays to take over from {census.NameOf(leaving)}");
        }

        MoveRun run = new();
        if (call.DryRun)
        {
            run.Begin(census, RebalancePlanner.Plan(census.Rooms(s => s == drained || (s != undrained && silos.IsLeaving(s))), census.Shards));
            run.End(problem: null);
            return run.View();
        }

        if ((drained ?? undrained) is { } told)
        {
            await mover.TellAsync(told, leaves: drained is not null).ConfigureAwait(false);
        }

        Enqueue(run, drained);
        return run.View();
    }

    public RebalanceView? Find(Guid run)
    {
        lock (_lock)
        {
            return _runs.Find(r => r.Id == run)?.View();
        }
    }

    /// <summary>Evens out once nobody has joined for a while.</summary>
    public void Joined()
    {
        lock (_lock)
        {
            _joinedAt = time.GetTimestamp();
            if (options.Value.RebalanceAfter > TimeSpan.Zero && !_settling)
            {
                _settling = true;
                _ = SettleAsync();
            }
        }
    }

    /// <exception cref="RebalanceRefusedException">There is none, or more than one.</exception>
    private static OwnerId Find(OwnershipCensus census, string silo)
    {
        SiloReport[] meant = [.. census.Silos.Where(s => s.Name == silo || s.Silo == silo)];
        return meant.Length == 1
            ? new OwnerId(meant[0].Silo)
            : throw new RebalanceRefusedException($"{(meant.Length == 0 ? "there is no silo" : "there is more than one silo")} '{silo}'; there are {string.Join(", ", census.Silos.Select(static s => $"{s.Name} ({s.Silo})"))}");
    }

    private async Task SettleAsync()
    {
        while (LeftToSettle() is var left && left > TimeSpan.Zero)
        {
            await Task.Delay(left, time).ConfigureAwait(false);
        }

        Enqueue(new MoveRun(), drained: null);
    }

    private TimeSpan LeftToSettle()
    {
        lock (_lock)
        {
            TimeSpan left = options.Value.RebalanceAfter - time.GetElapsedTime(_joinedAt);
            _settling = left > TimeSpan.Zero;
            return left;
        }
    }

    private void Enqueue(MoveRun run, OwnerId? drained)
    {
        lock (_lock)
        {
            _runs.Add(run);
            if (_runs.Count > Kept)
            {
                _runs.RemoveAt(0);
            }

            Task before = _last;
            _last = Task.Run(async () =>
            {
                await before.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
                await RunAsync(run, drained).ConfigureAwait(false);
            });
        }
    }

    private async Task RunAsync(MoveRun run, OwnerId? drained)
    {
        try
        {
            for (int round = 0; round < (drained is null ? 1 : MostRounds); round++)
            {
                OwnershipCensus census = await mover.CensusAsync(CancellationToken.None).ConfigureAwait(false);
                RebalancePlan plan = RebalancePlanner.Plan(census.Rooms(silos.IsLeaving), census.Shards);
                if (plan.Moves.Count == 0 && round > 0)
                {
                    break;
                }

                if (round == 0)
                {
                    run.Begin(census, plan);
                }

                await mover.MoveAsync(run, census, plan, CancellationToken.None).ConfigureAwait(false);
            }

            run.End(problem: null);
            await mover.TidyAsync(run, CancellationToken.None).ConfigureAwait(false);
        }
        catch (Exception e) when (e is not OutOfMemoryException)
        {
            run.End(e.Message); // whoever asked for it is told; silos are none the worse
        }
    }
}
