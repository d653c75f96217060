namespace DistAttention.Cli.Cluster.Bench;

/// <summary>What is appended and asked, the same everywhere; k and v are one slice, appended again and again.</summary>
internal sealed class BenchInputs
{
    /// <summary>Rows of one appended slice.</summary>
    public const int SliceRows = 4096;

    public BenchInputs(BenchSettings settings)
    {
        int qRow = settings.PrefillSpec.NumHeadsQ * settings.PrefillSpec.HeadDim;
        int kvRow = Math.Max(settings.PrefillSpec.NumHeadsKv, settings.DecodeSpec.NumHeadsKv) * settings.PrefillSpec.HeadDim;
        Q = Uniform(settings.PrefillRows * qRow, 1);
        K = Uniform(SliceRows * kvRow, 2);
        V = Uniform(SliceRows * kvRow, 3);
        O = new float[Q.Length];
        Lse = new float[settings.PrefillRows * settings.PrefillSpec.NumHeadsQ];
    }

    public ReadOnlyMemory<float> Q { get; }

    public ReadOnlyMemory<float> K { get; }

    public ReadOnlyMemory<float> V { get; }

    public Memory<float> O { get; }

    public Memory<float> Lse { get; }

    private static float[] Uniform(int count, int seed)
    {
        Random random = new(seed);
        float[] values = new float[count];
        foreach (ref float value in values.AsSpan())
        {
            value = (random.NextSingle() * 2) - 1;
        }

        return values;
    }
}
