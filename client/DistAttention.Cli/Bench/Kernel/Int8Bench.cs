using DistAttention.Cli.Bench.Measuring;

namespace DistAttention.Cli.Bench.Kernel;

/// <summary>One query row over int8 K/V, against the same over bfloat16, in turns.</summary>
internal sealed class Int8Bench(AttendShape shape, Goal error, Goal target, Goal stretch) : IKernelBench
{
    public string Name => DecodeBench.NameOf(shape);

    public async Task<BenchRow> RunAsync(Limits limits, BenchSettings settings, CancellationToken cancellationToken)
    {
        await using LoadedSequence narrow = await LoadedSequence.LoadAsync(shape, settings.Threads, cancellationToken).ConfigureAwait(false);
        await using LoadedSequence wide = await LoadedSequence.LoadAsync(shape with { KvType = KvDataType.BFloat16 }, settings.Threads, cancellationToken).ConfigureAwait(false);
        Samples samples = await Samples.TakeAsync(settings.Samples, () => narrow.AttendAsync(cancellationToken), WideRateAsync, limits.ReadAsync).ConfigureAwait(false);
        return new BenchRow(Name, samples.Fraction(1), "× as fast as bfloat16", target, stretch)
        {
            Also =
            [
                Rates.Bytes(Name, shape, samples),
                new BenchRow($"{Name}: of read bandwidth", samples.Fraction(shape.KvBytes, limit: 1), DecodeBench.Unit),
                .. Rates.Errors(Name, narrow, error, cancellationToken),
            ],
        };

        async Task<double> WideRateAsync() => 1 / await Samples.TimeAsync(() => wide.AttendAsync(cancellationToken), 4).ConfigureAwait(false);
    }
}
