using System.Runtime.CompilerServices;

namespace DistAttention.Kernels;

public static unsafe partial class KvPacker
{
    /// <summary>Reads stored rows back, as every kernel sees them.</summary>
    /// <param name="layout">The sequence's layout.</param>
    /// <param name="block">The block's memory.</param>
    /// <param name="firstIdx">The first row wanted, counted from the start of the block.</param>
    /// <param name="count">Rows wanted.</param>
    /// <param name="k">Receives [count, NumHeadsKv, HeadDim].</param>
    /// <param name="v">Receives [count, NumHeadsKv, PackedHeadDimV].</param>
    public static void Unpack(KvLayout layout, ReadOnlySpan<byte> block, int firstIdx, int count, Span<float> k, Span<float> v)
    {
        int rows = Rows(
            layout,
            block.Length,
            firstIdx,
            k[..checked(count * layout.NumHeadsKv * layout.HeadDim)].Length,
            v[..checked(count * layout.NumHeadsKv * layout.PackedHeadDimV)].Length);
        fixed (byte* memory = block)
        fixed (float* keys = k, values = v)
        {
            for (int head = 0; head < layout.NumHeadsKv; head++)
            {
                byte* section = memory + layout.HeadOffset(head);
                UnpackKeys(layout, section, firstIdx, rows, keys + ((nint)head * layout.HeadDim));
                if (!layout.ValueFromKeyPrefix)
                {
                    UnpackValues(layout, section, firstIdx, rows, values + ((nint)head * layout.HeadDimV));
                }
            }
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void UnpackKeys(KvLayout layout, byte* section, int firstIdx, int count, float* k)
    {
        int headDim = layout.HeadDim;
        nint rowStride = (nint)layout.NumHeadsKv * headDim;
        float* tile = stackalloc float[Strip * Panel]; // [column][16]
        for (int i = 0, rows; i < count; i += rows)
        {
            int lane = (firstIdx + i) % Panel;
            rows = Math.Min(Panel - lane, count - i);
            nint panel = (nint)((firstIdx + i) / Panel) * layout.PanelStride;
            float* to = k + (i * rowStride);
            for (int d = 0; d < headDim; d += Strip)
            {
                int columns = Math.Min(Strip, headDim - d);
                KvRounding.Widen(layout.KvType, section, panel + ((nint)d * Panel), tile, columns * Panel);
                LaneTranspose.Run(tile + lane, Panel, to + d, rowStride, columns, rows);
            }

            if (layout.KvType == KvDataType.Int8)
            {
                float* scales = (float*)(section + layout.KeyScaleOffset) + firstIdx + i;
                for (int row = 0; row < rows; row++)
                {
                    KvRounding.Scale(to + (row * rowStride), headDim, scales[row]);
                }
            }
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void UnpackValues(KvLayout layout, byte* section, int firstIdx, int count, float* v)
    {
        int headDimV = layout.HeadDimV;
        float* wide = stackalloc float[SequenceFormat.MaxHeadDim];
        for (int i = 0; i < count; i++)
        {
            float* row = v + ((nint)i * layout.NumHeadsKv * headDimV);
            KvRounding.Widen(layout.KvType, section + layout.ValueOffset, (nint)(firstIdx + i) * layout.ValueStride, wide, layout.ValueStride);
            new ReadOnlySpan<float>(wide, headDimV).CopyTo(new Span<float>(row, headDimV));
            if (layout.KvType == KvDataType.Int8)
            {
                KvRounding.Scale(row, headDimV, ((float*)(section + layout.ValueScaleOffset))[firstIdx + i]);
            }
        }
    }
}
