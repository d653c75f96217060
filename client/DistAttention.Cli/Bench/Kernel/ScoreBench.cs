using DistAttention.Cli.Bench.Measuring;
using DistAttention.Cli.Checking;

namespace DistAttention.Cli.Bench.Kernel;

/// <summary>A score against the plain scaled dot product over the same sequence, in turns; and its errors beside those of a plain float32 program.</summary>
internal sealed class ScoreBench(string what, AttendShape shape, ScoreFunction score, Goal? target) : IKernelBench
{
    private const double OfPlainError = 2;

    public string Name => $"full {KernelSuite.Number(shape.Rows)} × {KernelSuite.Number(shape.Positions)}, head size {shape.HeadDim}, {what}";

    public async Task<BenchRow> RunAsync(Limits limits, BenchSettings settings, CancellationToken cancellationToken)
    {
        await using LoadedSequence sequence = await LoadedSequence.LoadAsync(shape, settings.Threads, cancellationToken).ConfigureAwait(false);
        AttendOptions options = shape.Options with { Score = score };
        Samples samples = await Samples.TakeAsync(settings.Samples, () => sequence.AttendAsync(options, cancellationToken), PlainRateAsync).ConfigureAwait(false);
        await sequence.AttendAsync(options, cancellationToken).ConfigureAwait(false); // the last answer was of the plain score
        RowErrors errors = Check(sequence, options);
        return new BenchRow(Name, samples.Fraction(1), "× the rate of the plain score", target)
        {
            Also =
            [
                Rates.Flops(Name, shape, samples),
                .. Errors("o", errors.Output, errors.PlainOutput),
                .. Errors("lse", errors.Lse, errors.PlainLse),
            ],
        };

        async Task<double> PlainRateAsync() => 1 / await Samples.TimeAsync(() => sequence.AttendAsync(cancellationToken), 1).ConfigureAwait(false);
    }

    /// <summary>Small errors of a lucky plain program do not count: a unit in the last place of 1 is always allowed.</summary>
    private BenchRow[] Errors(string of, double error, double plain) =>
    [
        new($"{Name}: error of {of}", error, $"error of {of}", Goal.AtMost((OfPlainError * plain) + 1.2e-7)),
        new($"{Name}: error of {of}, plain float32", plain, "of a plain float32 program"),
    ];

    private RowErrors Check(LoadedSequence sequence, AttendOptions options)
    {
        const int Rows = 6;
        RowErrors errors = default;
        Lock gate = new();
        Parallel.For(0, Rows, i =>
        {
            int row = (int)((long)i * (shape.Rows - 1) / (Rows - 1));
            int slot = (row * shape.NumHeadsQ) + (i % shape.NumHeadsQ);
            RowErrors found = sequence.Check(row, i % shape.NumHeadsQ, options).Errors(sequence.Output.AsSpan(slot * shape.HeadDimV, shape.HeadDimV), sequence.Lse[slot]);
            lock (gate)
            {
                errors = RowErrors.Largest(errors, found);
            }
        });
        return errors;
    }
}
