using System.Runtime.Intrinsics;

namespace DistAttention.Kernels.Tests;

public sealed class LanesTests
{
    [Theory]
    [MemberData(nameof(WidthData.Widths), MemberType = typeof(WidthData))]
    public void Fused_multiply_add_rounds_once(int width)
    {
        float a = 1f + MathF.ScaleB(1, -12);
        float square = a * a; // the exact square needs one bit more than this
        float[] got = Run(width, [a], new FmaMinus(square));
        Assert.Equal(MathF.ScaleB(1, -24), got[0]);
    }

    [Theory]
    [MemberData(nameof(WidthData.Widths), MemberType = typeof(WidthData))]
    public unsafe void Every_finite_half_is_widened_exactly(int width)
    {
        ushort[] halves = [.. Enumerable.Range(0, 65536).Select(i => (ushort)i)];
        float[] got = new float[halves.Length];
        fixed (ushort* source = halves)
        fixed (float* destination = got)
        {
            for (int i = 0; i < got.Length; i += 16)
            {
                switch (width)
                {
                    case 512:
                        WidenHalf<Lanes512, Vector512<float>>(source + i, destination + i);
                        break;
                    case 256:
                        WidenHalf<Lanes256, Vector256<float>>(source + i, destination + i);
                        break;
                    default:
                        WidenHalf<Lanes128, Vector128<float>>(source + i, destination + i);
                        break;
                }
            }
        }

        for (int i = 0; i < got.Length; i++)
        {
            Half expected = BitConverter.UInt16BitsToHalf(halves[i]);
            if (Half.IsFinite(expected))
            {
                Assert.Equal(BitConverter.SingleToInt32Bits((float)expected), BitConverter.SingleToInt32Bits(got[i]));
            }
        }
    }

    [Theory]
    [MemberData(nameof(WidthData.Widths), MemberType = typeof(WidthData))]
    public unsafe void Small_types_are_widened_exactly(int width)
    {
        sbyte[] bytes = [.. Enumerable.Range(-128, 256).Select(i => (sbyte)i)];
        ushort[] brains = [0, 0x8000, 0x3F80, 0xBF81, 1, 0x8001, 0x7F7F, 0x00FF, 0x0080, 0x4049, 2, 3, 4, 5, 6, 7];
        float[] fromBytes = new float[bytes.Length];
        float[] fromBrains = new float[brains.Length];
        fixed (sbyte* b = bytes)
        fixed (ushort* h = brains)
        fixed (float* toBytes = fromBytes, toBrains = fromBrains)
        {
            switch (width)
            {
                case 512:
                    Widen<Lanes512, Vector512<float>>(b, toBytes, h, toBrains);
                    break;
                case 256:
                    Widen<Lanes256, Vector256<float>>(b, toBytes, h, toBrains);
                    break;
                default:
                    Widen<Lanes128, Vector128<float>>(b, toBytes, h, toBrains);
                    break;
            }
        }

        Assert.Equal(bytes.Select(x => (float)x), fromBytes);
        Assert.Equal(brains.Select(x => x << 16), fromBrains.Select(BitConverter.SingleToInt32Bits));
    }

    [Theory]
    [MemberData(nameof(WidthData.Widths), MemberType = typeof(WidthData))]
    public void Masks_come_from_bits_and_from_words(int width)
    {
        switch (width)
        {
            case 512:
                Masks<Lanes512, Vector512<float>>();
                break;
            case 256:
                Masks<Lanes256, Vector256<float>>();
                break;
            default:
                Masks<Lanes128, Vector128<float>>();
                break;
        }
    }

    private static unsafe void Masks<TLanes, TVec>()
        where TLanes : struct, ILanes<TVec>
        where TVec : struct
    {
        float* lanes = stackalloc float[16];
        uint* words = stackalloc uint[16];
        for (int i = 0; i < 16; i++)
        {
            words[i] = 0x80000001u << i | (uint)(i * 77);
        }

        const uint Bits = 0b1011_0010_0111_0001;
        TLanes.Store(lanes, TLanes.MaskFromBits(Bits));
        for (int i = 0; i < TLanes.Count; i++)
        {
            Assert.Equal((Bits >> i & 1) != 0 ? -1 : 0, BitConverter.SingleToInt32Bits(lanes[i]));
        }

        for (int bit = 0; bit < 32; bit++)
        {
            TLanes.Store(lanes, TLanes.MaskFromWords(words, bit));
            for (int i = 0; i < TLanes.Count; i++)
            {
                Assert.Equal((words[i] >> bit & 1) != 0 ? -1 : 0, BitConverter.SingleToInt32Bits(lanes[i]));
            }
        }
    }

    private static unsafe void WidenHalf<TLanes, TVec>(ushort* source, float* destination)
        where TLanes : struct, ILanes<TVec>
        where TVec : struct
    {
        for (int i = 0; i < 16; i += TLanes.Count)
        {
            TLanes.Store(destination + i, TLanes.LoadFloat16(source + i));
        }
    }

    private static unsafe void Widen<TLanes, TVec>(sbyte* b, float* toBytes, ushort* h, float* toBrains)
        where TLanes : struct, ILanes<TVec>
        where TVec : struct
    {
        for (int i = 0; i < 256; i += TLanes.Count)
        {
            TLanes.Store(toBytes + i, TLanes.LoadInt8(b + i));
        }

        for (int i = 0; i < 16; i += TLanes.Count)
        {
            TLanes.Store(toBrains + i, TLanes.LoadBFloat16(h + i));
        }
    }

    private static float[] Run(int width, float[] x, FmaMinus operation) => width switch
    {
        512 => operation.Apply<Lanes512, Vector512<float>>(x),
        256 => operation.Apply<Lanes256, Vector256<float>>(x),
        _ => operation.Apply<Lanes128, Vector128<float>>(x),
    };

    private readonly struct FmaMinus(float subtrahend)
    {
        public unsafe float[] Apply<TLanes, TVec>(float[] x)
            where TLanes : struct, ILanes<TVec>
            where TVec : struct
        {
            float* lanes = stackalloc float[16];
            TVec value = TLanes.Broadcast(x[0]);
            TLanes.Store(lanes, TLanes.Fma(value, value, TLanes.Broadcast(-subtrahend)));
            return new Span<float>(lanes, TLanes.Count).ToArray();
        }
    }
}
