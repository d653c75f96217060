namespace DistAttention.Cli.Bench.Measuring;

/// <summary>How thoroughly to measure.</summary>
/// <param name="Threads">Threads that compute.</param>
/// <param name="Samples">Ratios whose median is taken.</param>
/// <param name="Divisor">What lengths are divided by.</param>
internal sealed record BenchSettings(int Threads, int Samples, int Divisor)
{
    public static BenchSettings Full(int threads) => new(threads, Samples: 9, Divisor: 1);

    /// <summary>To see that everything runs; the numbers mean little.</summary>
    public static BenchSettings Quick(int threads) => new(threads, Samples: 3, Divisor: 16);

    /// <summary>A length, made shorter if that is wanted.</summary>
    public int Length(int length) => length / Divisor;
}
