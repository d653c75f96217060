using DistAttention.Cli.Bench.Kernel;
using DistAttention.Cli.Bench.Measuring;
using DistAttention.Engine;
using DistAttention.Kernels;
using DistAttention.Storage;

namespace DistAttention.Cli.Bench.Storage;

/// <summary>A bulk append into an embedded client whose sequences are in a folder: until it is acknowledged, so until it is on the disk.</summary>
internal sealed class DurableAppendBench(SequenceSpec spec, int positions, ScratchFolder scratch, Goal target) : IKernelBench
{
    public string Name => $"durable bulk append, {positions:N0} positions, {spec.NumHeadsKv} heads, {spec.HeadDim}, {spec.KvType.ToString().ToLowerInvariant()}";

    public async Task<BenchRow> RunAsync(Limits limits, BenchSettings settings, CancellationToken cancellationToken)
    {
        int row = spec.NumHeadsKv * spec.HeadDim;
        float[] k = NormalData.Make(LoadedSequence.KeySeed, 0, (long)positions * row);
        float[] v = NormalData.Make(LoadedSequence.ValueSeed, 0, (long)positions * row);
        long bytes = KvRows.ByteLength(KvLayout.Of(spec), positions);
        DiskRate disk = new(scratch.Next(), bytes);
        using FileStorage storage = new(scratch.Next());
        await using EmbeddedAttention client = new(storage.Configure(new EmbeddedOptions { ComputeThreads = settings.Threads }));
        Samples samples = await Samples.TakeAsync(settings.Samples, AppendAsync, disk.WriteAsync).ConfigureAwait(false);
        return new BenchRow(Name, samples.Fraction(bytes), "of the disk's write rate with sync", target)
        {
            Also = [new BenchRow($"{Name}: rate", bytes / samples.MedianSeconds / 1e9, "GB/s stored")],
        };

        // Deleting takes as long as the disk takes to give space back, which is nothing that anybody waits for when appending.
        async Task<double> AppendAsync()
        {
            IAttentionSequence sequence = await client.CreateSequenceAsync("bench", spec, cancellationToken).ConfigureAwait(false);
            double seconds = await Samples.TimeAsync(() => sequence.AppendAsync(k, v, cancellationToken: cancellationToken), repeats: 1).ConfigureAwait(false);
            await client.DeleteSequenceAsync("bench", cancellationToken).ConfigureAwait(false);
            return seconds;
        }
    }
}
