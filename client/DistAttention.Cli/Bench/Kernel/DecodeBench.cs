using DistAttention.Cli.Bench.Measuring;

namespace DistAttention.Cli.Bench.Kernel;

/// <summary>
/// One query row: bound by memory, measured against reading. Several query heads per K/V head can make arithmetic the limit instead,
/// so that one more row says how close to that it is.
/// </summary>
internal sealed class DecodeBench(AttendShape shape, Goal error, Goal target, Goal stretch) : IKernelBench
{
    public const string Unit = "of read bandwidth";

    public string Name => NameOf(shape);

    /// <summary>"1 query × 131,072 keys, 8 heads, bfloat16, head size 64".</summary>
    public static string NameOf(AttendShape shape)
    {
        string heads = shape.NumHeadsQ == shape.NumHeadsKv ? $"{shape.NumHeadsQ} heads" : $"{shape.NumHeadsQ} heads over {shape.NumHeadsKv}";
        return $"1 query × {KernelSuite.Number(shape.Positions)} keys, {heads}, {shape.KvType.ToString().ToLowerInvariant()}, head size {shape.HeadDim}";
    }

    public async Task<BenchRow> RunAsync(Limits limits, BenchSettings settings, CancellationToken cancellationToken)
    {
        await using LoadedSequence sequence = await LoadedSequence.LoadAsync(shape, settings.Threads, cancellationToken).ConfigureAwait(false);
        Samples samples = await Samples.TakeAsync(settings.Samples, () => sequence.AttendAsync(cancellationToken), limits.ReadAsync).ConfigureAwait(false);
        List<BenchRow> ofPeak = [];
        if (shape.NumHeadsQ > shape.NumHeadsKv)
        {
            Samples computing = await Samples.TakeAsync(settings.Samples, () => sequence.AttendAsync(cancellationToken), limits.FlopsAsync).ConfigureAwait(false);
            ofPeak.Add(new BenchRow($"{Name}: of FMA peak", computing.Fraction(shape.Flops), ComputeBench.Unit));
        }

        return new BenchRow(Name, samples.Fraction(shape.KvBytes), Unit, target, stretch)
        {
            Also = [.. ofPeak, Rates.Bytes(Name, shape, samples), .. Rates.Errors(Name, sequence, error, cancellationToken)],
        };
    }
}
