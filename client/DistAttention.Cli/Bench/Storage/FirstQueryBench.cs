using DistAttention.Cli.Bench.Kernel;
using DistAttention.Cli.Bench.Measuring;
using DistAttention.Engine;
using DistAttention.Kernels;
using DistAttention.Storage;

namespace DistAttention.Cli.Bench.Storage;

/// <summary>
/// The first query of a process, which reads the whole sequence back from its logs while the system still has them in memory: checked,
/// packed into memory that the system gives, zeroed, for the first time, and one query computed. No reload alone, and held to nothing.
/// </summary>
internal sealed class FirstQueryBench(SequenceSpec spec, int positions, ScratchFolder scratch) : IKernelBench
{
    public string Name => $"first query over cached logs, {positions:N0} positions, {spec.NumHeadsKv} heads, {spec.HeadDim}, {spec.KvType.ToString().ToLowerInvariant()}";

    public async Task<BenchRow> RunAsync(Limits limits, BenchSettings settings, CancellationToken cancellationToken)
    {
        int row = spec.NumHeadsKv * spec.HeadDim;
        long bytes = KvRows.ByteLength(KvLayout.Of(spec), positions);
        using FileStorage storage = new(scratch.Next());
        await using (EmbeddedAttention client = Open())
        {
            IAttentionSequence sequence = await client.CreateSequenceAsync("bench", spec, cancellationToken).ConfigureAwait(false);
            float[] k = NormalData.Make(LoadedSequence.KeySeed, 0, (long)positions * row);
            float[] v = NormalData.Make(LoadedSequence.ValueSeed, 0, (long)positions * row);
            await sequence.AppendAsync(k, v, cancellationToken: cancellationToken).ConfigureAwait(false);
        }

        float[] q = NormalData.Make(1, 0, (long)spec.NumHeadsQ * spec.HeadDim);
        float[] output = new float[spec.NumHeadsQ * spec.HeadDimV];
        Samples samples = await Samples.TakeAsync(settings.Samples, ReloadAsync, limits.CopyAsync).ConfigureAwait(false);
        return new BenchRow(Name, samples.Fraction(bytes), "of memory copy rate")
        {
            Also = [new BenchRow($"{Name}: rate", bytes / samples.MedianSeconds / 1e9, "GB/s stored")],
        };

        EmbeddedAttention Open() => new(storage.Configure(new EmbeddedOptions { ComputeThreads = settings.Threads }));

        async Task ReloadAsync()
        {
            await using EmbeddedAttention client = Open();
            IAttentionSequence sequence = await client.OpenSequenceAsync("bench", cancellationToken).ConfigureAwait(false);
            await sequence.AttendAsync(q, output, Memory<float>.Empty, cancellationToken: cancellationToken).ConfigureAwait(false);
        }
    }
}
