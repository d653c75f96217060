using DistAttention.Engine.Execution;
using DistAttention.Engine.Ledger;
using DistAttention.Simulator.Histories;
using DistAttention.Simulator.Networks;
using DistAttention.Simulator.Nodes;
using DistAttention.Simulator.Worlds;

namespace DistAttention.Simulator.Clients;

/// <summary>A program that uses sequences: it does one thing after the other, and what fails for now it tries again elsewhere.</summary>
internal sealed class Client(World world, Cluster cluster, Directory directory, int number)
{
    private const int Attempts = 8;

    private readonly Place _place = new(cluster.Machines + number, $"client{number}", new Life(world));

    /// <summary>Makes some calls.</summary>
    public async Task RunAsync(int calls)
    {
        for (int i = 0; i < calls && world.Violation is null; i++)
        {
            await world.DelayAsync(world.Ticks(0, 150)).ConfigureAwait(false);
            await StepAsync().ConfigureAwait(false);
        }
    }

    /// <summary>Attends over everything that a sequence holds.</summary>
    public Task<bool> ReadAllAsync(SequenceRef sequence) => AttendAsync(sequence, length: null, AttentionMask.Full);

    private Task StepAsync()
    {
        if (directory.Live.Count == 0 || (directory.Live.Count < 2 && world.Happens(0.1)))
        {
            return CreateAsync();
        }

        SequenceRef sequence = world.Pick(directory.Live);
        return world.Below(100) switch
        {
            < 12 => AppendAsync(sequence, world.Between(100, 1500)),
            < 38 => AppendAsync(sequence, world.Between(1, 6)),
            < 50 => AppendAndAttendAsync(sequence),
            < 55 => MoveAsync(sequence),
            < 80 => AttendAsync(sequence, world.Happens(0.3) ? Part(sequence) : null, world.Pick<AttentionMask>([AttentionMask.Full, AttentionMask.Causal])),
            < 90 => TruncateAsync(sequence),
            < 96 => ForkAsync(sequence),
            _ => DeleteAsync(sequence),
        };
    }

    private long Part(SequenceRef sequence) => world.Below((int)sequence.Known + 1);

    private async Task CreateAsync()
    {
        SequenceRef made = new(directory.NewName(), world.NewId());
        LedgerRecord record = new() { Id = made.Id, Uid = made.Uid, Spec = Workload.Spec };
        if (await CallLedgerAsync(made, "create", node => node.Hosted.CreateAsync(record)).ConfigureAwait(false) is { Answered: true })
        {
            directory.Live.Add(made);
        }
    }

    private async Task AppendAsync(SequenceRef sequence, int count)
    {
        OperationId operation = new(world.NewId());
        long? expected = world.Happens(0.1) ? sequence.Known : null;
        long from = world.Now;
        (float[] k, float[] v) = Workload.RowsOf(operation, 0, count);
        int attempt = 0;
        Told<AppendResult> told = await CallAsync(
            sequence,
            $"append {count} as {operation}",
            (node, token) => node.Coordinator.AppendAsync(
                sequence.Id, sequence.Uid, Workload.Spec, k, v, count, new AppendOptions { OperationId = cluster.Bug.Attempt(operation, attempt++, world), ExpectedPosition = expected }, token)).ConfigureAwait(false);
        if (told.Answered)
        {
            Appended(sequence, operation, count, expected, from, told.Answer);
        }
    }

    private async Task AppendAndAttendAsync(SequenceRef sequence)
    {
        OperationId operation = new(world.NewId());
        int count = world.Between(1, 3);
        long from = world.Now;
        (float[] k, float[] v) = Workload.RowsOf(operation, 0, count);
        int rows = world.Between(1, count);
        float[] q = NewQueries(rows);
        int attempt = 0;
        Told<(AppendResult Appended, Answer Answer)> told = await CallAsync(
            sequence,
            $"append {count} as {operation} and attend",
            (node, token) => node.Coordinator.AppendAndAttendAsync(
                sequence.Id,
                sequence.Uid,
                Workload.Spec,
                k,
                v,
                count,
                new AppendOptions { OperationId = cluster.Bug.Attempt(operation, attempt++, world) },
                q,
                rows,
                new AttendOptions { Mask = AttentionMask.Causal },
                token)).ConfigureAwait(false);
        if (told.Answered)
        {
            (AppendResult appended, Answer answer) = told.Answer;
            Appended(sequence, operation, count, null, from, appended);
            Attended(new AttendCall(sequence, appended.FirstPosition + appended.Count, q, rows, AttentionMask.Causal, from, world.Now, answer));
        }
    }

    private async Task<bool> AttendAsync(SequenceRef sequence, long? length, AttentionMask mask)
    {
        int rows = world.Between(1, 3);
        float[] q = NewQueries(rows);
        long from = world.Now;
        AttendOptions options = new() { Mask = mask, Length = length };
        Told<Answer> told = await CallAsync(sequence, $"attend {mask}", (node, token) => node.Coordinator.AttendAsync(sequence.Id, sequence.Uid, q, rows, options, token)).ConfigureAwait(false);
        if (!told.Answered)
        {
            return false;
        }

        Answer answer = told.Answer;
        sequence.Known = length is null ? answer.State.Length : sequence.Known;
        Attended(new AttendCall(sequence, length, q, rows, mask, from, world.Now, answer));
        return true;
    }

    /// <summary>Carried out at most once, and not tried again: a second one might cut what came after the first.</summary>
    private async Task TruncateAsync(SequenceRef sequence)
    {
        long length = Part(sequence);
        long from = world.Now;
        Told<SequenceSnapshot> told = await CallLedgerAsync(sequence, $"truncate to {length}", node => node.Hosted.TruncateAsync(sequence.Id, sequence.Uid, length)).ConfigureAwait(false);
        if (told.Answered)
        {
            SequenceSnapshot snapshot = told.Answer;
            world.Counters.Add("truncated");
            sequence.Known = snapshot.Length;
            cluster.History.Truncates.Add(new TruncateCall(sequence, length, from, world.Now, snapshot));
        }
    }

    /// <summary>Has shards given to another silo, as an operator would who evens out what silos have. Nothing that is asked for may change by it.</summary>
    private async Task MoveAsync(SequenceRef sequence)
    {
        if (await CallLedgerAsync(sequence, "move shards", node => new ShardMoves(node).MoveAsync(sequence.Id, sequence.Uid)).ConfigureAwait(false) is { Answered: true, Answer: > 0 and var moved })
        {
            world.Counters.Add("moved shards", moved);
        }
    }

    private async Task ForkAsync(SequenceRef sequence)
    {
        SequenceRef fork = new(directory.NewName(), world.NewId()) { Known = sequence.Known };
        ForkCall call = new(sequence, fork, world.Happens(0.5) ? Part(sequence) : null, world.Now);
        cluster.History.Forks.Add(call);
        if (await CallLedgerAsync(sequence, $"fork as {fork.Id} at {call.Length}", node => node.Hosted.ForkAsync(sequence.Id, sequence.Uid, fork.Id, fork.Uid, call.Length)).ConfigureAwait(false) is { Answered: true })
        {
            world.Counters.Add("forked");
            call.Acknowledged = true;
            directory.Live.Add(fork);
        }
    }

    /// <summary>Deletes a sequence.</summary>
    public async Task DeleteAsync(SequenceRef sequence)
    {
        directory.Live.Remove(sequence);
        if (await CallLedgerAsync(sequence, "delete", node => node.Hosted.DeleteAsync(sequence.Id, sequence.Uid)).ConfigureAwait(false) is { Answered: true })
        {
            world.Counters.Add("deleted");
        }
    }

    private float[] NewQueries(int rows) => World.Rows((ulong)world.Between(0, int.MaxValue - 1), rows * Workload.Spec.NumHeadsQ * Workload.Spec.HeadDim);

    private void Appended(SequenceRef sequence, OperationId operation, int count, long? expected, long from, AppendResult result)
    {
        world.Counters.Add("appended");
        world.Counters.Add("appended rows", count);
        sequence.Known = Math.Max(sequence.Known, result.FirstPosition + count);
        cluster.History.Appends.Add(new AppendCall(sequence, operation, count, expected, from, world.Now, result));
    }

    private void Attended(AttendCall call)
    {
        world.Counters.Add("attended");
        cluster.History.Attends.Add(call);
    }

    /// <summary>Calls some silo until one answers for good; .</summary>
    private async Task<Told<T>> CallAsync<T>(SequenceRef sequence, string what, Func<Node, CancellationToken, Task<T>> work)
    {
        world.Counters.Add("calls");
        world.Note($"{_place} wants on {sequence.Id}: {what}");
        long from = world.Now;
        for (int attempt = 0; attempt < Attempts; attempt++)
        {
            IReadOnlyList<Node> running = cluster.Running;
            if (running.Count > 0)
            {
                Node node = world.Pick(running);
                using CancellationTokenSource deadline = new(TimeSpan.FromSeconds(20), world.Time);
                try
                {
                    TimeSpan patience = TimeSpan.FromMilliseconds(world.Between(200, 15000));
                    return new(true, await cluster.Network.CallAsync(_place, node.Place, what, Delivery.MayRepeat, token => work(node, token), deadline.Token, patience).ConfigureAwait(false));
                }
                catch (Exception e) when (e is DistAttentionException or OperationCanceledException)
                {
                    world.Counters.Add($"error: {e.GetType().Name}");
                    if (!IsWorthRepeating(sequence, from, e))
                    {
                        return default;
                    }
                }
            }

            await world.DelayAsync(world.Ticks(5, 2000)).ConfigureAwait(false);
        }

        world.Counters.Add("given up");
        return default;
    }

    /// <summary>Calls a sequence's ledger once; null if it does not answer for good.</summary>
    private async Task<Told<T>> CallLedgerAsync<T>(SequenceRef sequence, string what, Func<Node, Task<T>> work)
    {
        world.Counters.Add("calls");
        world.Note($"{_place} wants on {sequence.Id}: {what}");
        long from = world.Now;
        if (cluster.HomeOf(sequence.Id) is not { } home)
        {
            return default;
        }

        try
        {
            return new(true, await cluster.Network.CallAsync(_place, home.Place, what, Delivery.Once, _ => work(home), CancellationToken.None, TimeSpan.FromSeconds(10)).ConfigureAwait(false));
        }
        catch (Exception e) when (e is DistAttentionException or OperationCanceledException)
        {
            world.Counters.Add($"error: {e.GetType().Name}");
            IsWorthRepeating(sequence, from, e);
            return default;
        }
    }

    private bool IsWorthRepeating(SequenceRef sequence, long from, Exception e)
    {
        world.Note($"{_place} is told: {e.GetType().Name}: {e.Message}");
        switch (e)
        {
            case SequenceNotFoundException:
                cluster.History.Missing.Add(new MissingAnswer(sequence, from, world.Now));
                directory.Live.Remove(sequence);
                return false;
            case StorageDamagedException or ShardLostException or PartialFailureException or BadAnswerException:
                throw new ViolationException($"'{sequence.Id}': {e.GetType().Name}: {e.Message}");
            case DistAttentionException { IsTransient: true } or StorageException or CapacityExceededException or OperationCanceledException:
                return true;
            default:
                return false; // what was asked for cannot be
        }
    }
}

/// <summary>What came of a call.</summary>
/// <param name="Answered">Whether it was answered for good.</param>
/// <param name="Answer">What it was answered.</param>
internal readonly record struct Told<T>(bool Answered, T Answer);
