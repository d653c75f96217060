using DistAttention.Calls;
using DistAttention.Contracts;
using DistAttention.Contracts.Access;

namespace DistAttention.Client;

/// <summary>
/// Queries of many sequences in few calls: items that are one tile travel together, about 1 MiB of queries to a message;
/// larger ones go their own way.
/// </summary>
internal sealed class BatchRun(DistAttentionClient client)
{
    private const int GroupBytes = 1 << 20;

    public async Task<IReadOnlyList<AttentionResult>> RunAsync(IReadOnlyList<BatchItem> items, CancellationToken cancellationToken)
    {
        AttentionResult[] results = new AttentionResult[items.Count];
        List<int> group = [];
        long groupBytes = 0;
        List<Func<CancellationToken, Task>> calls = [];
        for (int i = 0; i < items.Count; i++)
        {
            BatchItem item = items[i];
            ClusterSequence sequence = SequenceOf(item);
            AttendOptions options = item.Options ?? new AttendOptions();
            options.Validate();
            int rows = Shapes.RequireRows("q", item.Q.Length, sequence.Spec.NumHeadsQ, sequence.Spec.HeadDim);
            if (rows == 0 || rows > CallLimits.TileRows(sequence.Spec))
            {
                int at = i;
                calls.Add(async token => results[at] = await sequence.AttendAsync(item.Q, item.Options, token).ConfigureAwait(false));
                continue;
            }

            await InputChecks.CheckAsync(sequence.Spec, item.Q, rows, cancellationToken).ConfigureAwait(false);
            long bytes = rows * (long)sequence.Spec.NumHeadsQ * (sequence.Spec.HeadDim + sequence.Spec.HeadDimV + 1) * sizeof(float);
            if (groupBytes + bytes > GroupBytes && group.Count > 0)
            {
                AddGroup();
            }

            group.Add(i);
            groupBytes += bytes;
        }

        AddGroup();
        ParallelOptions parallel = new() { MaxDegreeOfParallelism = client.Options.TilesInFlight, CancellationToken = cancellationToken };
        await Parallel.ForEachAsync(calls, parallel, static async (call, token) => await call(token).ConfigureAwait(false)).ConfigureAwait(false);
        return results;

        void AddGroup()
        {
            if (group.Count > 0)
            {
                int[] members = [.. group];
                calls.Add(token => RunGroupAsync(items, members, results, token));
                group.Clear();
                groupBytes = 0;
            }
        }
    }

    private static ClusterSequence SequenceOf(BatchItem item) => item.Sequence as ClusterSequence
        ?? throw new ArgumentException("A batch takes sequences of the client that runs it.", nameof(item));

    private async Task RunGroupAsync(IReadOnlyList<BatchItem> items, int[] members, AttentionResult[] results, CancellationToken cancellationToken)
    {
        TimeSpan timeout = members.Max(i => (items[i].Options ?? new AttendOptions()).Timeout);
        double work = members.Sum(i => SequenceOf(items[i]).WorkOf(items[i].Q.Length / (SequenceOf(items[i]).Spec.NumHeadsQ * SequenceOf(items[i]).Spec.HeadDim)));
        await client.Coordinators.LetInAsync(work, isShort: false, timeout, left => RunGroupInsideAsync(items, members, results, work, left, cancellationToken), cancellationToken).ConfigureAwait(false);
    }

    private async Task<bool> RunGroupInsideAsync(IReadOnlyList<BatchItem> items, int[] members, AttentionResult[] results, double work, TimeSpan timeout, CancellationToken cancellationToken)
    {
        using Deadline deadline = new(timeout, client.Options.TimeProvider, cancellationToken);
        AttendCall[] tiles = [.. members.Select(i => TileOf(items[i]))];
        BatchReply reply;
        try
        {
            reply = await client.Coordinators.RunAsync(
                (coordinator, callId, token) => coordinator.AttendBatchAsync(new BatchCall(callId, tiles), token),
                work,
                timeout,
                static () => { },
                deadline.Token).ConfigureAwait(false);
        }
        catch (OperationCanceledException e)
        {
            deadline.ThrowIfItWas(e);
            throw;
        }

        ThrowIfAnyFailed(reply.Errors);
        for (int i = 0; i < members.Length; i++)
        {
            results[members[i]] = ResultOf(items[members[i]], tiles[i], reply.Replies[i]!);
        }

        return true;
    }

    private static AttendCall TileOf(BatchItem item)
    {
        ClusterSequence sequence = SequenceOf(item);
        AttendOptions options = item.Options ?? new AttendOptions();
        int rows = item.Q.Length / (sequence.Spec.NumHeadsQ * sequence.Spec.HeadDim);
        return sequence.TileOf(item.Q, rows, 0, rows, AttendTerms.Of(options), pinned: null, options.Timeout);
    }

    private static AttentionResult ResultOf(BatchItem item, AttendCall tile, AttendReply reply)
    {
        ClusterSequence sequence = SequenceOf(item);
        float[] output = GC.AllocateUninitializedArray<float>(tile.Rows * sequence.Spec.NumHeadsQ * sequence.Spec.HeadDimV);
        float[] lse = GC.AllocateUninitializedArray<float>(tile.Rows * sequence.Spec.NumHeadsQ);
        TileSummary summary = sequence.Store(reply, 0, tile.Rows, output, lse);
        item.Options?.Progress?.Report(new AttentionProgress(tile.Rows, tile.Rows));
        return new AttentionResult(output, lse, new AttentionSummary(
            summary.Snapshot,
            summary.FirstQueryPosition,
            tile.Rows,
            summary.BlocksComputed,
            summary.BlocksSkipped,
            summary.Partials,
            summary.Retries));
    }

    private void ThrowIfAnyFailed(Exception?[] errors)
    {
        Exception[] failed = [.. errors.OfType<Exception>().Select(e => TenantErrors.WithNames(e, client.Tenant))];
        if (failed.Length > 0)
        {
            throw failed.Length == 1 ? failed[0] : new PartialFailureException(errors.Length, failed.Length, failed[0]);
        }
    }
}
