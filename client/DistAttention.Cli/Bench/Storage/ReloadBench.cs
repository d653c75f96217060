using System.Diagnostics;
using DistAttention.Cli.Bench.Kernel;
using DistAttention.Cli.Bench.Measuring;
using DistAttention.Cli.Shell;
using DistAttention.Engine;
using DistAttention.Engine.Compute;
using DistAttention.Engine.Memory;
using DistAttention.Engine.Shards;
using DistAttention.Kernels;
using DistAttention.Storage;

namespace DistAttention.Cli.Bench.Storage;

/// <summary>
/// Shards that are read back from their logs, one after the other, into memory that has room for one of them: as queries do over a sequence
/// that is larger than memory. Logs that are in no cache are held against the disk, others against copying memory.
/// </summary>
// A cached reload moves each byte twice where a copy moves it once: out of the system's cache into a buffer, and from there into a block. On the
// machine this was written on, in processor time per byte over that of a copy: the system's part alone 0.64 to 0.70, checksum 0.25, packing 0.6.
internal sealed class ReloadBench(SequenceSpec spec, int positions, ScratchFolder scratch, bool isCached, Goal target) : IKernelBench
{
    private const int Shards = 2;

    public string Name =>
        $"reload, logs {(isCached ? "cached" : "not cached")}, {positions:N0} positions, {spec.NumHeadsKv} heads, {spec.HeadDim}, {spec.KvType.ToString().ToLowerInvariant()}";

    public async Task<BenchRow> RunAsync(Limits limits, BenchSettings settings, CancellationToken cancellationToken)
    {
        int rows = positions / Shards;
        string folder = scratch.Next();
        using FileStorage storage = new(folder);
        await FillAsync(storage, spec with { ShardLength = rows }, settings, cancellationToken).ConfigureAwait(false);
        List<ShardId> shards = [];
        await foreach (ShardId shard in storage.Shards.ListAsync(cancellationToken).ConfigureAwait(false))
        {
            shards.Add(shard);
        }

        KvLayout layout = KvLayout.Of(spec);
        using ComputePool pool = new(settings.Threads, settings.Threads);
        using ShardRegistry registry = new(new ByteBudget(rows / SequenceFormat.BlockLength * layout.BlockBytes), storage.Shards, pool);
        long bytes = KvRows.ByteLength(layout, positions);
        DiskRate disk = new(scratch.Next(), bytes);
        Samples samples = await Samples.TakeAsync(settings.Samples, ReloadAsync, isCached ? limits.CopyAsync : disk.ReadAsync).ConfigureAwait(false);
        return new BenchRow(Name, samples.Fraction(bytes), isCached ? "of memory copy rate" : "of the disk's sequential read rate", target)
        {
            Also = [new BenchRow($"{Name}: rate", bytes / samples.MedianSeconds / 1e9, "GB/s stored")],
        };

        async Task<double> ReloadAsync()
        {
            if (!isCached)
            {
                foreach (string log in Directory.EnumerateFiles(folder, "*.kvlog", SearchOption.AllDirectories))
                {
                    FileCache.Drop(log);
                }
            }

            long start = Stopwatch.GetTimestamp();
            foreach (ShardId id in shards)
            {
                Shard shard = await registry.LeaseOrLoadAsync(id, rows, fence: 0, cancellationToken).ConfigureAwait(false)
                    ?? throw new CliException($"the storage has lost shard {id}");
                shard.Release();
            }

            return Stopwatch.GetElapsedTime(start).TotalSeconds;
        }
    }

    private async Task FillAsync(FileStorage storage, SequenceSpec split, BenchSettings settings, CancellationToken cancellationToken)
    {
        int row = spec.NumHeadsKv * spec.HeadDim;
        float[] k = NormalData.Make(LoadedSequence.KeySeed, 0, (long)positions * row);
        float[] v = NormalData.Make(LoadedSequence.ValueSeed, 0, (long)positions * row);
        await using EmbeddedAttention client = new(storage.Configure(new EmbeddedOptions { ComputeThreads = settings.Threads }));
        IAttentionSequence sequence = await client.CreateSequenceAsync("bench", split, cancellationToken).ConfigureAwait(false);
        await sequence.AppendAsync(k, v, cancellationToken: cancellationToken).ConfigureAwait(false);
    }
}
