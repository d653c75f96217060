using System.Runtime.CompilerServices;

namespace DistAttention.Kernels;

/// <summary>
/// The online softmax over one tile for one query, keys side by side: the arithmetic of <see cref="SoftmaxColumn"/>, lane for
/// lane. The chain of the row sum is left to <see cref="ColumnLaneOutput"/>, which passes the keys in order.
/// </summary>
internal static unsafe class SoftmaxRow
{
    /// <summary>Applies scales and mask to the scores, hides keys past keyCount up to a whole vector, and returns the maximum.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static float Scores<TLanes, TVec, TScaled>(float* scores, int keyCount, float* keyScales, uint* bits)
        where TLanes : struct, ILanes<TVec>
        where TVec : struct
        where TScaled : struct, IChoice
    {
        TVec hidden = TLanes.Broadcast(float.NegativeInfinity);
        TVec max = hidden;
        int key = 0;
        if (bits == null)
        {
            for (; key <= keyCount - TLanes.Count; key += TLanes.Count)
            {
                TVec score = Scaled<TLanes, TVec, TScaled>(scores + key, keyScales + key);
                if (TScaled.Value)
                {
                    TLanes.Store(scores + key, score);
                }

                max = TLanes.Max(max, score);
            }
        }

        for (; key < keyCount; key += TLanes.Count)
        {
            TVec visible = TLanes.MaskFromBits(Visible(key, keyCount, bits));
            TVec score = TLanes.Select(visible, Scaled<TLanes, TVec, TScaled>(scores + key, keyScales + key), hidden);
            TLanes.Store(scores + key, score);
            max = TLanes.Max(max, score);
        }

        return TLanes.Largest(max);
    }

    /// <summary>For every query: tileMax becomes the origin of the weights, max the new maximum, alpha 2^(max − new maximum).</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Rescale<TLanes, TVec>(float* tileMax, int count, float* max, float* alpha)
        where TLanes : struct, ILanes<TVec>
        where TVec : struct
    {
        for (int i = 0; i < count; i += TLanes.Count)
        {
            TVec oldMax = TLanes.Load(max + i);
            TVec newMax = TLanes.Max(oldMax, TLanes.Add(TLanes.Load(tileMax + i), TLanes.Zero)); // a maximum is never −0
            TVec empty = TLanes.Equal(newMax, TLanes.Broadcast(float.NegativeInfinity));
            TVec origin = TLanes.Select(empty, TLanes.Zero, newMax);
            TLanes.Store(tileMax + i, origin);
            TLanes.Store(max + i, newMax);
            TLanes.Store(alpha + i, Exp2.OfNonPositive<TLanes, TVec>(TLanes.Subtract(oldMax, origin)));
        }
    }

    /// <summary>Turns scores into weights, lifted for the element, and into weights times value scales where there are any.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Weights<TLanes, TVec, TElement, TScaled>(float* scores, float* factors, int keyCount, float origin, float* valueScales, ref ReadAhead ahead)
        where TLanes : struct, ILanes<TVec>
        where TVec : struct
        where TElement : struct, IKvElement
        where TScaled : struct, IChoice
    {
        TVec origins = TLanes.Broadcast(origin);
        ReadAhead fetch = ahead; // in registers
        for (int key = 0; key < keyCount; key += TLanes.Count)
        {
            fetch.Step<TElement>(4);
            TVec weight = Exp2.OfNonPositive<TLanes, TVec>(TLanes.Subtract(TLanes.Load(scores + key), origins));
            TLanes.Store(scores + key, TElement.Lift == 1 ? weight : TLanes.Multiply(weight, TLanes.Broadcast(TElement.Lift)));
            if (TScaled.Value)
            {
                TLanes.Store(factors + key, TLanes.Multiply(weight, TLanes.Load(valueScales + key)));
            }
        }

        ahead = fetch;
    }

    /// <summary>Steps of <see cref="Weights{TLanes, TVec, TElement, TScaled}"/> for so many queries.</summary>
    public static long Steps<TLanes, TVec>(int count, int keyCount)
        where TLanes : struct, ILanes<TVec>
        where TVec : struct => (keyCount + TLanes.Count - 1) / TLanes.Count * (long)count;

    /// <summary>Whether a visible raw score is not finite.</summary>
    public static bool Overflows<TLanes, TVec, TScaled>(float* scores, int keyCount, float* keyScales, uint* bits)
        where TLanes : struct, ILanes<TVec>
        where TVec : struct
        where TScaled : struct, IChoice
    {
        TVec bad = TLanes.Zero;
        for (int key = 0; key < keyCount; key += TLanes.Count)
        {
            TVec visible = TLanes.MaskFromBits(Visible(key, keyCount, bits));
            bad = TLanes.Or(bad, TLanes.And(visible, TLanes.NotFinite(Scaled<TLanes, TVec, TScaled>(scores + key, keyScales + key))));
        }

        return TLanes.Any(bad);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static TVec Scaled<TLanes, TVec, TScaled>(float* score, float* keyScale)
        where TLanes : struct, ILanes<TVec>
        where TVec : struct
        where TScaled : struct, IChoice =>
        TScaled.Value ? TLanes.Multiply(TLanes.Load(score), TLanes.Load(keyScale)) : TLanes.Load(score);

    /// <summary>Bits of the keys from one on: what the mask shows, as far as there are keys.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static uint Visible(int key, int keyCount, uint* bits)
    {
        uint visible = bits == null ? uint.MaxValue : bits[key >> 5] >> (key & 31);
        return keyCount - key < 32 ? visible & ((1u << (keyCount - key)) - 1) : visible;
    }
}
