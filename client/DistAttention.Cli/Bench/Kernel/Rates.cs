using DistAttention.Cli.Bench.Measuring;

namespace DistAttention.Cli.Bench.Kernel;

/// <summary>The rows that go with most others: rates as measured, and errors against float64.</summary>
internal static class Rates
{
    public static BenchRow Flops(string name, AttendShape shape, Samples samples) =>
        new($"{name}: rate", shape.Flops / samples.MedianSeconds / 1e9, "GFLOP/s");

    public static BenchRow Bytes(string name, AttendShape shape, Samples samples) =>
        new($"{name}: reading", shape.KvBytes / samples.MedianSeconds / 1e9, "GB/s");

    public static BenchRow[] Errors(string name, LoadedSequence sequence, Goal outputError, CancellationToken cancellationToken)
    {
        (double output, double lse) = ErrorCheck.Run(sequence, cancellationToken);
        return
        [
            new BenchRow($"{name}: error of o", output, "error of o", outputError),
            new BenchRow($"{name}: error of lse", lse, "error of lse", Goal.AtMost(2.5e-6)),
        ];
    }
}
