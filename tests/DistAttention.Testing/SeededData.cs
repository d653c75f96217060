namespace DistAttention.Testing;

/// <summary>Pseudo-random data from a seed, the same bits on every machine: splitmix64, and normal deviates by the polar method.</summary>
public sealed class SeededData
{
    private ulong _state;
    private double _spare = double.NaN;

    /// <summary>Starts a stream.</summary>
    /// <param name="seed">Name it in the test's message.</param>
    public SeededData(ulong seed) => _state = seed;

    /// <summary>64 random bits.</summary>
    public ulong NextBits()
    {
        ulong z = _state += 0x9E3779B97F4A7C15;
        z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9;
        z = (z ^ (z >> 27)) * 0x94D049BB133111EB;
        return z ^ (z >> 31);
    }

    /// <summary>Uniform in [0, 1).</summary>
    public double NextUniform() => (NextBits() >> 11) * (1.0 / (1UL << 53));

    /// <summary>Uniform in [0, <paramref name="end"/>).</summary>
    /// <param name="end">Greater than 0.</param>
    public int NextInt(int end) => (int)(NextUniform() * end);

    /// <summary>One of several values.</summary>
    /// <param name="choices">The values.</param>
    public T Pick<T>(params ReadOnlySpan<T> choices) => choices[NextInt(choices.Length)];

    /// <summary>A unit-normal deviate.</summary>
    public double NextNormal()
    {
        if (!double.IsNaN(_spare))
        {
            double spare = _spare;
            _spare = double.NaN;
            return spare;
        }

        while (true)
        {
            double x = (2 * NextUniform()) - 1;
            double y = (2 * NextUniform()) - 1;
            double r = (x * x) + (y * y);
            if (r is > 0 and < 1)
            {
                double factor = Math.Sqrt(-2 * Ln(r) / r);
                _spare = y * factor;
                return x * factor;
            }
        }
    }

    /// <summary>Unit-normal floats times a factor.</summary>
    /// <param name="count">How many.</param>
    /// <param name="factor">Their standard deviation.</param>
    public float[] Normal(int count, double factor = 1)
    {
        float[] values = new float[count];
        for (int i = 0; i < count; i++)
        {
            values[i] = (float)(NextNormal() * factor);
        }

        return values;
    }

    /// <summary>Natural logarithm from basic operations only, because the platform's may differ in the last place.</summary>
    private static double Ln(double x)
    {
        int exponent = 0;
        for (; x < 0.70710678118654752; x *= 2)
        {
            exponent--;
        }

        double s = (x - 1) / (x + 1);
        double series = 0;
        for (int odd = 21; odd >= 1; odd -= 2)
        {
            series = (series * s * s) + (1.0 / odd);
        }

        return (exponent * 0.69314718055994531) + (2 * s * series);
    }
}
