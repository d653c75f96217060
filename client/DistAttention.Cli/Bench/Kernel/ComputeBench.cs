using DistAttention.Cli.Bench.Measuring;

namespace DistAttention.Cli.Bench.Kernel;

/// <summary>Many queries: bound by arithmetic, measured against the machine's fused multiply-adds.</summary>
internal sealed class ComputeBench(string name, AttendShape shape, Goal error, Goal? target, Goal? stretch) : IKernelBench
{
    public const string Unit = "of FMA peak";

    public string Name => name;

    public async Task<BenchRow> RunAsync(Limits limits, BenchSettings settings, CancellationToken cancellationToken)
    {
        await using LoadedSequence sequence = await LoadedSequence.LoadAsync(shape, settings.Threads, cancellationToken).ConfigureAwait(false);
        Samples samples = await Samples.TakeAsync(settings.Samples, () => sequence.AttendAsync(cancellationToken), limits.FlopsAsync).ConfigureAwait(false);
        return new BenchRow(name, samples.Fraction(shape.Flops), Unit, target, stretch)
        {
            Also = [Rates.Flops(name, shape, samples), .. Rates.Errors(name, sequence, error, cancellationToken)],
        };
    }
}
