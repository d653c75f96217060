using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace DistAttention.Kernels;

/// <summary>
/// Shortens bytes to 16 that have the same CRC-32C, by carry-less multiplication: a polynomial A that stands n bits before the end of a
/// message counts as A · (xⁿ mod P) at its end. Four vectors of four such places go through the message side by side.
/// </summary>
/// <remarks>
/// V. Gopal et al., "Fast CRC Computation for Generic Polynomials Using PCLMULQDQ Instruction", 2009. Bits are reflected: bit i of 128 is the
/// coefficient of x¹²⁷⁻ⁱ, and a product of two 64-bit halves comes out one power too high, which the constants make up for.
/// </remarks>
internal static unsafe class Crc32CFolding
{
    private const uint Reflected = 0x82F63B78; // P without x³²
    private const int VectorBits = 512;

    /// <summary>Bytes that one step takes.</summary>
    public const int Step = 4 * VectorBits / 8;

    private static readonly Vector512<ulong> _byStep = Vector512.Create(Factors(4 * VectorBits));
    private static readonly Vector512<ulong> _byVector = Vector512.Create(Factors(VectorBits));
    private static readonly Vector512<ulong> _byLane = Vector512.Create(Vector256.Create(Factors(384), Factors(256)), Vector256.Create(Factors(128), Vector128<ulong>.Zero));

    /// <summary>Whether the processor has what it takes.</summary>
    public static bool IsSupported => Pclmulqdq.V512.IsSupported && Avx512F.IsSupported;

    /// <summary>Shortens bytes.</summary>
    /// <param name="bytes">At least one step, a multiple of it.</param>
    /// <param name="crc">The sum of all bytes before, not inverted.</param>
    /// <returns>Sixteen bytes, whose sum from 0 on is that of all.</returns>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static Vector128<ulong> Fold(ReadOnlySpan<byte> bytes, uint crc)
    {
        ReadOnlySpan<Vector512<ulong>> from = MemoryMarshal.Cast<byte, Vector512<ulong>>(bytes);
        Vector512<ulong> a = from[0] ^ Vector512.CreateScalar((ulong)crc);
        Vector512<ulong> b = from[1];
        Vector512<ulong> c = from[2];
        Vector512<ulong> d = from[3];
        for (int i = 4; i <= from.Length - 4; i += 4)
        {
            a = Move(a, _byStep) ^ from[i];
            b = Move(b, _byStep) ^ from[i + 1];
            c = Move(c, _byStep) ^ from[i + 2];
            d = Move(d, _byStep) ^ from[i + 3];
        }

        return Last(a, b, c, d);
    }

    /// <summary>Shortens bytes while the bytes behind them go through four lanes: multiplications and sums take different parts of the processor.</summary>
    /// <param name="from"><see cref="FoldedBeside"/> bytes to fold, then four lanes of <paramref name="lane"/> bytes.</param>
    /// <param name="crc">The sum of all bytes before, not inverted.</param>
    /// <param name="lane">An eighth of what is folded, a multiple of 32.</param>
    /// <param name="lanes">Receives the sums of the lanes from 0 on.</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static Vector128<ulong> FoldBesideLanes(byte* from, uint crc, int lane, out (uint A, uint B, uint C, uint D) lanes)
    {
        byte* words = from + FoldedBeside(lane);
        byte* end = words + lane;
        Vector512<ulong> a = Load(from) ^ Vector512.CreateScalar((ulong)crc);
        Vector512<ulong> b = Load(from + 64);
        Vector512<ulong> c = Load(from + 128);
        Vector512<ulong> d = Load(from + 192);
        Vector512<ulong> factors = _byStep;
        (uint laneA, uint laneB, uint laneC, uint laneD) = (0, 0, 0, 0);
        while (true)
        {
            for (int i = 0; i < 4; i++, words += sizeof(ulong))
            {
                laneA = BitOperations.Crc32C(laneA, *(ulong*)words);
                laneB = BitOperations.Crc32C(laneB, *(ulong*)(words + lane));
                laneC = BitOperations.Crc32C(laneC, *(ulong*)(words + (2 * lane)));
                laneD = BitOperations.Crc32C(laneD, *(ulong*)(words + (3 * lane)));
            }

            if (words == end)
            {
                break;
            }

            from += Step;
            a = Move(a, factors) ^ Load(from);
            b = Move(b, factors) ^ Load(from + 64);
            c = Move(c, factors) ^ Load(from + 128);
            d = Move(d, factors) ^ Load(from + 192);
        }

        lanes = (laneA, laneB, laneC, laneD);
        return Last(a, b, c, d);
    }

    /// <summary>Bytes that are folded in the time in which four lanes are summed up.</summary>
    public static int FoldedBeside(int lane) => 8 * lane;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector512<ulong> Load(byte* from) => Vector512.Load((ulong*)from);

    /// <summary>Four neighbouring vectors as one place of sixteen bytes, the last.</summary>
    private static Vector128<ulong> Last(Vector512<ulong> a, Vector512<ulong> b, Vector512<ulong> c, Vector512<ulong> d)
    {
        b ^= Move(a, _byVector);
        c ^= Move(b, _byVector);
        d ^= Move(c, _byVector);
        Vector512<ulong> moved = Move(d, _byLane);
        Vector256<ulong> halves = moved.GetLower() ^ moved.GetUpper();
        return halves.GetLower() ^ halves.GetUpper() ^ d.GetUpper().GetUpper();
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector512<ulong> Move(Vector512<ulong> a, Vector512<ulong> factors) =>
        Pclmulqdq.V512.CarrylessMultiply(a, factors, 0x00) ^ Pclmulqdq.V512.CarrylessMultiply(a, factors, 0x11);

    /// <summary>What the first and the second eight of sixteen bytes are multiplied by to come so many bits later.</summary>
    private static Vector128<ulong> Factors(int bits) => Vector128.Create((ulong)Power(bits + 64 - 1) << 32, (ulong)Power(bits - 1) << 32);

    /// <summary>xⁿ mod P.</summary>
    private static uint Power(int n)
    {
        uint power = 1u << 31; // x⁰
        for (int i = 0; i < n; i++)
        {
            power = (power >> 1) ^ ((power & 1) != 0 ? Reflected : 0);
        }

        return power;
    }
}
