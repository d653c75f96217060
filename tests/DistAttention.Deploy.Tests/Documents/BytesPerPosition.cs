using System.Globalization;
using DistAttention.Kernels;

namespace DistAttention.Deploy.Tests.Documents;

/// <summary>The table of bytes that one position takes in memory, computed from the layout of blocks that silos use.</summary>
internal static class BytesPerPosition
{
    private const long Gibibyte = 1L << 30;

    private static readonly (int Heads, int HeadDim, int HeadDimV, bool FromKey, string Like)[] _shapes =
    [
        (1, 64, 64, false, "one head of a small model"),
        (8, 64, 64, false, "grouped heads of 64"),
        (4, 128, 128, false, "grouped heads, half of the next"),
        (8, 128, 128, false, "grouped heads of 128, the most common"),
        (16, 128, 128, false, "multi-head, 16 heads"),
        (32, 128, 128, false, "multi-head, 32 heads"),
        (1, 576, 512, true, "latent keys whose first 512 components are the value"),
    ];

    /// <summary>Its rows, as Markdown.</summary>
    public static IEnumerable<string> Rows()
    {
        foreach ((int heads, int headDim, int headDimV, bool fromKey, string like) in _shapes)
        {
            string half = Text(KvDataType.BFloat16);
            string most = string.Create(CultureInfo.InvariantCulture, $"{Gibibyte / Bytes(KvDataType.BFloat16):N0}");
            yield return $"| {heads} × {headDim} | {like} | {Text(KvDataType.Float32)} | {half} | {Text(KvDataType.Int8)} | {most} |";

            string Text(KvDataType type) => string.Create(CultureInfo.InvariantCulture, $"{Math.Ceiling(Bytes(type)):N0}");

            double Bytes(KvDataType type) => (double)new KvLayout(heads, headDim, headDimV, type) { ValueFromKeyPrefix = fromKey }.BlockBytes / SequenceFormat.BlockLength;
        }
    }
}
