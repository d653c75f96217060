using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;

namespace DistAttention.Kernels;

/// <summary>
/// CRC-32C (Castagnoli) of bytes. A single stream of 8-byte words waits for itself at every step, so long inputs are folded to sixteen bytes
/// where the processor can (<see cref="Crc32CFolding"/>), and run as four streams over neighbouring lanes beside that, or elsewhere alone.
/// Their sums are put together as if there had been one: crc(A‖B) = shift(crc(A), |B|) ⊕ crc₀(B).
/// </summary>
/// <remarks>
/// Sums of interleaved words are no substitute: equal changes of two words a fixed distance apart would cancel out.
/// Source of the combination: M. Adler, zlib's <c>crc32_combine</c>; of the lanes: V. Gopal et al., "Fast CRC Computation Using the CRC32 Instruction", 2011.
/// </remarks>
public static class Crc32C
{
    private const int Words = 256; // in a lane
    private const int Lane = Words * sizeof(ulong);
    private const int LeastFolded = 2 * Crc32CFolding.Step; // below, folding costs more than it saves

    private static readonly uint[] _shiftLane = MakeShift();

    /// <summary>The checksum.</summary>
    /// <param name="bytes">Of what.</param>
    public static uint Of(ReadOnlySpan<byte> bytes)
    {
        if (!Crc32CFolding.IsSupported || bytes.Length < LeastFolded)
        {
            return ~InLanes(uint.MaxValue, bytes);
        }

        uint crc = Together(uint.MaxValue, ref bytes);
        int whole = bytes.Length / Crc32CFolding.Step * Crc32CFolding.Step;
        if (whole > 0)
        {
            crc = SumOf(Crc32CFolding.Fold(bytes[..whole], crc));
        }

        return ~InLanes(crc, bytes[whole..]);
    }

    /// <summary>Folds and runs lanes at once as long as there are enough bytes; leaves the rest.</summary>
    private static unsafe uint Together(uint crc, ref ReadOnlySpan<byte> bytes)
    {
        int folded = Crc32CFolding.FoldedBeside(Lane);
        fixed (byte* from = bytes)
        {
            int at = 0;
            for (; at <= bytes.Length - folded - (4 * Lane); at += folded + (4 * Lane))
            {
                Vector128<ulong> front = Crc32CFolding.FoldBesideLanes(from + at, crc, Lane, out (uint A, uint B, uint C, uint D) lanes);
                crc = ShiftLane(ShiftLane(ShiftLane(ShiftLane(SumOf(front)) ^ lanes.A) ^ lanes.B) ^ lanes.C) ^ lanes.D;
            }

            bytes = bytes[at..];
        }

        return crc;
    }

    private static uint SumOf(Vector128<ulong> folded) => BitOperations.Crc32C(BitOperations.Crc32C(0, folded[0]), folded[1]);

    /// <summary>Four streams.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    internal static uint InLanes(uint crc, ReadOnlySpan<byte> bytes)
    {
        while (bytes.Length >= 4 * Lane)
        {
            ReadOnlySpan<ulong> a = MemoryMarshal.Cast<byte, ulong>(bytes[..Lane]);
            ReadOnlySpan<ulong> b = MemoryMarshal.Cast<byte, ulong>(bytes.Slice(Lane, Lane));
            ReadOnlySpan<ulong> c = MemoryMarshal.Cast<byte, ulong>(bytes.Slice(2 * Lane, Lane));
            ReadOnlySpan<ulong> d = MemoryMarshal.Cast<byte, ulong>(bytes.Slice(3 * Lane, Lane));
            (uint crcB, uint crcC, uint crcD) = (0, 0, 0);
            for (int i = 0; i < Words; i++)
            {
                crc = BitOperations.Crc32C(crc, a[i]);
                crcB = BitOperations.Crc32C(crcB, b[i]);
                crcC = BitOperations.Crc32C(crcC, c[i]);
                crcD = BitOperations.Crc32C(crcD, d[i]);
            }

            crc = ShiftLane(ShiftLane(ShiftLane(crc) ^ crcB) ^ crcC) ^ crcD;
            bytes = bytes[(4 * Lane)..];
        }

        ReadOnlySpan<ulong> words = MemoryMarshal.Cast<byte, ulong>(bytes);
        foreach (ulong word in words)
        {
            crc = BitOperations.Crc32C(crc, word);
        }

        foreach (byte rest in bytes[(words.Length * sizeof(ulong))..])
        {
            crc = BitOperations.Crc32C(crc, rest);
        }

        return crc;
    }

    /// <summary>The sum after a lane of zeros.</summary>
    private static uint ShiftLane(uint crc) =>
        _shiftLane[crc & 0xFF] ^ _shiftLane[256 + ((crc >> 8) & 0xFF)] ^ _shiftLane[512 + ((crc >> 16) & 0xFF)] ^ _shiftLane[768 + (crc >> 24)];

    /// <summary>[4 bytes of a sum, 256]: it is linear, so what each byte becomes is all there is to know.</summary>
    private static uint[] MakeShift()
    {
        uint[] table = new uint[4 * 256];
        for (int bit = 0; bit < 32; bit++)
        {
            uint crc = 1u << bit;
            for (int i = 0; i < Words; i++)
            {
                crc = BitOperations.Crc32C(crc, 0ul);
            }

            for (int value = 0; value < 256; value++)
            {
                table[(bit / 8 * 256) + value] ^= (value >> (bit % 8) & 1) != 0 ? crc : 0;
            }
        }

        return table;
    }
}
