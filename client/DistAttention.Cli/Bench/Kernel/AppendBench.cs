using DistAttention.Cli.Bench.Measuring;
using DistAttention.Engine.Memory;
using DistAttention.Kernels;

namespace DistAttention.Cli.Bench.Kernel;

/// <summary>Checking and packing rows on their way into blocks, against copying the same floats.</summary>
internal sealed class AppendBench(AttendShape shape, Goal target) : IKernelBench
{
    private const int Rows = SequenceFormat.BlockLength;

    public string Name => $"packing and checking {shape.KvType.ToString().ToLowerInvariant()}, {shape.NumHeadsKv} heads, head size {shape.HeadDim}";

    public async Task<BenchRow> RunAsync(Limits limits, BenchSettings settings, CancellationToken cancellationToken)
    {
        int row = shape.NumHeadsKv * shape.HeadDim;
        KvLayout layout = KvLayout.Of(shape.Spec);
        float[] k = NormalData.Make(LoadedSequence.KeySeed, 0, (long)shape.Positions * row);
        float[] v = NormalData.Make(LoadedSequence.ValueSeed, 0, (long)shape.Positions * row);
        ByteBudget budget = new(long.MaxValue);
        KvBlock[] blocks = [.. Enumerable.Range(0, shape.Positions / Rows).Select(_ => new KvBlock(layout.BlockBytes, budget))];
        try
        {
            Samples samples = await Samples.TakeAsync(settings.Samples, () => limits.TimeAsync(blocks.Length, Pack), limits.CopyAsync).ConfigureAwait(false);
            double bytes = 2.0 * k.Length * sizeof(float);
            return new BenchRow(Name, samples.Fraction(bytes), "of memory copy rate", target)
            {
                Also = [new BenchRow($"{Name}: rate", bytes / samples.MedianSeconds / 1e9, "GB/s of floats")],
            };
        }
        finally
        {
            foreach (KvBlock block in blocks)
            {
                block.Release();
            }
        }

        void Pack(int block)
        {
            ReadOnlySpan<float> keys = k.AsSpan(block * Rows * row, Rows * row);
            ReadOnlySpan<float> values = v.AsSpan(block * Rows * row, Rows * row);
            KvPacker.Validate(layout, keys, values);
            KvPacker.Pack(layout, blocks[block].Bytes, 0, keys, values);
        }
    }
}
