namespace DistAttention.Cli.Checking;

/// <summary>Rounding of a row to what a storage type keeps, apart from the kernels'.</summary>
internal static class StoredRounding
{
    /// <summary>Rounds in place; int8 with one scale for the row.</summary>
    public static void Round(KvDataType type, Span<float> row)
    {
        float scale = 0;
        foreach (float x in row)
        {
            scale = Math.Max(scale, Math.Abs(x) / 127);
        }

        for (int i = 0; i < row.Length; i++)
        {
            row[i] = type switch
            {
                KvDataType.Float16 => (float)(Half)row[i],
                KvDataType.BFloat16 => BrainFloat(row[i]),
                KvDataType.Int8 => scale == 0 ? 0 : MathF.Round(row[i] / scale) * scale,
                _ => row[i],
            };
        }
    }

    private static float BrainFloat(float x)
    {
        uint bits = BitConverter.SingleToUInt32Bits(x);
        return BitConverter.UInt32BitsToSingle((bits + 0x7FFF + ((bits >> 16) & 1)) & 0xFFFF0000);
    }
}
