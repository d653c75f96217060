using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace DistAttention.Storage.Logs;

/// <summary>
/// CRC-32C of bytes: of four interleaved streams of 8-byte words (a single one waits for itself at every step), folded
/// together, and of the bytes that are left. Any single changed bit changes it.
/// </summary>
internal static class Checksum
{
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static uint Of(ReadOnlySpan<byte> bytes)
    {
        ReadOnlySpan<Words> groups = MemoryMarshal.Cast<byte, Words>(bytes);
        (uint a, uint b, uint c, uint d) = (1, 2, 3, 4);
        foreach (ref readonly Words words in groups)
        {
            a = BitOperations.Crc32C(a, words.A);
            b = BitOperations.Crc32C(b, words.B);
            c = BitOperations.Crc32C(c, words.C);
            d = BitOperations.Crc32C(d, words.D);
        }

        uint crc = BitOperations.Crc32C(uint.MaxValue, (ulong)bytes.Length);
        crc = BitOperations.Crc32C(BitOperations.Crc32C(BitOperations.Crc32C(BitOperations.Crc32C(crc, a), b), c), d);
        foreach (byte rest in bytes[(groups.Length * 4 * sizeof(ulong))..])
        {
            crc = BitOperations.Crc32C(crc, rest);
        }

        return ~crc;
    }

    private readonly record struct Words(ulong A, ulong B, ulong C, ulong D);
}
