using System.Runtime.CompilerServices;

namespace DistAttention.Kernels;

/// <summary>Values that are a part of keys, brought into the order that output loops read.</summary>
internal static unsafe class KeyPrefix
{
    /// <summary>values[key][c] = component c of the key, for the first HeadDimV components.</summary>
    /// <param name="layout">The layout.</param>
    /// <param name="keys">[panel][headDim][16], as floats.</param>
    /// <param name="keyCount">Keys, whole panels.</param>
    /// <param name="values">[256][value stride].</param>
    public static void CopyRows(KvLayout layout, float* keys, int keyCount, float* values)
    {
        for (int key = 0; key < keyCount; key += KvLayout.PanelLength)
        {
            LaneTranspose.Run(keys + ((nint)key * layout.HeadDim), KvLayout.PanelLength, values + ((nint)key * layout.ValueStride), layout.ValueStride, layout.HeadDimV, KvLayout.PanelLength);
        }
    }

    /// <summary>The same from keys as they are stored.</summary>
    /// <param name="layout">The layout.</param>
    /// <param name="keys">[panel][headDim][16].</param>
    /// <param name="keyCount">Keys wanted; whole panels are done.</param>
    /// <param name="values">[256][value stride].</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void WidenRows<TLanes, TVec, TElement>(KvLayout layout, byte* keys, int keyCount, float* values)
        where TLanes : struct, ILanes<TVec>
        where TVec : struct
        where TElement : struct, IKvElement
    {
        const int Strip = 64;
        float* wide = stackalloc float[Strip * KvLayout.PanelLength]; // [component][16]
        for (int key = 0; key < keyCount; key += KvLayout.PanelLength)
        {
            for (int d = 0; d < layout.HeadDimV; d += Strip)
            {
                int components = Math.Min(Strip, layout.HeadDimV - d);
                nint from = ((nint)key * layout.HeadDim) + ((nint)d * KvLayout.PanelLength);
                for (int i = 0; i < components * KvLayout.PanelLength; i += TLanes.Count)
                {
                    TLanes.Store(wide + i, TElement.Load<TLanes, TVec>(keys, from + i));
                }

                LaneTranspose.Run(wide, KvLayout.PanelLength, values + ((nint)key * layout.ValueStride) + d, layout.ValueStride, components, KvLayout.PanelLength);
            }
        }
    }
}
