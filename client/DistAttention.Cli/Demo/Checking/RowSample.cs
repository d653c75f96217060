using DistAttention.Cli.Demo.Encoding;

namespace DistAttention.Cli.Demo.Checking;

/// <summary>A few rows drawn at random, the same ones for every run over as many rows.</summary>
internal static class RowSample
{
    /// <summary>Rows checked, if there are as many.</summary>
    public const int Count = 48;

    private const ulong Seed = 0x5EED;

    /// <summary>Positions of the sample; always with the last row, which sees most.</summary>
    public static SortedSet<int> Choose(int rows)
    {
        SortedSet<int> chosen = [rows - 1];
        for (ulong draw = 0; chosen.Count < Math.Min(Count, rows); draw++)
        {
            chosen.Add((int)(StableHash.Mix(Seed + draw) % (ulong)rows));
        }

        return chosen;
    }
}

/// <summary>One row of q with what attention made of it.</summary>
/// <param name="Position">Where it stands.</param>
/// <param name="Q">[heads, headDim].</param>
/// <param name="Output">o, [heads, headDim].</param>
/// <param name="Lse">[heads].</param>
internal sealed record SampledRow(int Position, float[] Q, float[] Output, float[] Lse)
{
    /// <summary>Copies a row out of the buffers of a slice.</summary>
    public static SampledRow Take(int position, int row, TextEncoder encoder, float[] q, float[] output, float[] lse)
    {
        int length = encoder.RowLength;
        int heads = encoder.Heads.Count;
        return new SampledRow(
            position,
            q[(row * length)..((row + 1) * length)],
            output[(row * length)..((row + 1) * length)],
            lse[(row * heads)..((row + 1) * heads)]);
    }
}
