using DistAttention.Cli.Bench.Measuring;

namespace DistAttention.Cli.Bench.Kernel;

/// <summary>
/// Some queries over many keys: bound by memory on one machine and by arithmetic on another, so it is held to a fraction of
/// either. The row shows the one that it comes closer to.
/// </summary>
internal sealed class FewQueriesBench(AttendShape shape, Goal error) : IKernelBench
{
    private const double OfReading = 0.65;
    private const double OfMultiplyAdd = 0.45;

    public string Name => $"{shape.Rows} queries × {KernelSuite.Number(shape.Positions)} keys, head size {shape.HeadDim}";

    public async Task<BenchRow> RunAsync(Limits limits, BenchSettings settings, CancellationToken cancellationToken)
    {
        await using LoadedSequence sequence = await LoadedSequence.LoadAsync(shape, settings.Threads, cancellationToken).ConfigureAwait(false);
        Samples samples = await Samples.TakeAsync(settings.Samples, () => sequence.AttendAsync(cancellationToken), limits.ReadAsync, limits.FlopsAsync).ConfigureAwait(false);
        double reading = samples.Fraction(shape.KvBytes, limit: 0);
        double multiplyAdd = samples.Fraction(shape.Flops, limit: 1);
        bool byReading = reading / OfReading > multiplyAdd / OfMultiplyAdd;
        BenchRow row = byReading
            ? new BenchRow(Name, reading, DecodeBench.Unit, Goal.AtLeast(OfReading), Goal.AtLeast(0.80))
            : new BenchRow(Name, multiplyAdd, ComputeBench.Unit, Goal.AtLeast(OfMultiplyAdd));
        BenchRow other = byReading
            ? new BenchRow($"{Name}: of FMA peak", multiplyAdd, ComputeBench.Unit)
            : new BenchRow($"{Name}: of read bandwidth", reading, DecodeBench.Unit);
        return row with
        {
            Also = [other, Rates.Flops(Name, shape, samples), Rates.Bytes(Name, shape, samples), .. Rates.Errors(Name, sequence, error, cancellationToken)],
        };
    }
}
