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
}
