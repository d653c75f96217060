using System.Runtime.CompilerServices;

namespace DistAttention.Kernels;

/// <summary>The online softmax over one tile for one vector of queries: scores [key][lanes] become weights in place.</summary>
/// <remarks>
/// m' = max(m, tile max); p = 2^(s − m'); lt = chain of p over the keys, ascending, from +0; alpha = 2^(m − m');
/// l = fma(l, alpha, lt). While m' = −∞, 0 stands in for it, so that −∞ − −∞ is never formed and all weights are 0.
/// </remarks>
internal static unsafe class SoftmaxColumn
{
    /// <summary>Applies scales, modifiers and mask to the scores, and returns their maximum.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static TVec Scores<TLanes, TVec, TScaled, TMasked, TModifier>(float* scores, nint stride, int keys, float* keyScales, uint* words, TModifier modifier)
        where TLanes : struct, ILanes<TVec>
        where TVec : struct
        where TScaled : struct, IChoice
        where TMasked : struct, IChoice
        where TModifier : struct, IScoreModifier<TVec>
    {
        TVec hidden = TLanes.Broadcast(float.NegativeInfinity);
        TVec max0 = hidden;
        TVec max1 = hidden;
        int key = 0;
        for (; key <= keys - 2; key += 2)
        {
            max0 = TLanes.Max(max0, Score<TLanes, TVec, TScaled, TMasked, TModifier>(scores, stride, key, keyScales, words, hidden, modifier));
            max1 = TLanes.Max(max1, Score<TLanes, TVec, TScaled, TMasked, TModifier>(scores + stride, stride, key + 1, keyScales, words, hidden, modifier));
            scores += 2 * stride;
        }

        if (key < keys)
        {
            max0 = TLanes.Max(max0, Score<TLanes, TVec, TScaled, TMasked, TModifier>(scores, stride, key, keyScales, words, hidden, modifier));
        }

        return TLanes.Max(max0, max1);
    }

    /// <summary>Turns scores into weights, and updates max and sum; writes the factor for the output so far.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Weights<TLanes, TVec, TScaled>(float* scores, nint stride, int keys, TVec tileMax, float* valueScales, float* max, float* sum, float* alpha)
        where TLanes : struct, ILanes<TVec>
        where TVec : struct
        where TScaled : struct, IChoice
    {
        TVec oldMax = TLanes.Load(max);
        TVec newMax = TLanes.Max(oldMax, TLanes.Add(tileMax, TLanes.Zero)); // a maximum is never −0
        TVec empty = TLanes.Equal(newMax, TLanes.Broadcast(float.NegativeInfinity));
        TVec origin = TLanes.Select(empty, TLanes.Zero, newMax);
        TVec tileSum = TLanes.Zero;
        for (int key = 0; key < keys; key++)
        {
            TVec weight = Exp2.OfNonPositive<TLanes, TVec>(TLanes.Subtract(TLanes.Load(scores), origin));
            tileSum = TLanes.Add(tileSum, weight);
            if (TScaled.Value)
            {
                weight = TLanes.Multiply(weight, TLanes.Broadcast(valueScales[key]));
            }

            TLanes.Store(scores, weight);
            scores += stride;
        }

        TVec factor = Exp2.OfNonPositive<TLanes, TVec>(TLanes.Subtract(oldMax, origin));
        TLanes.Store(alpha, factor);
        TLanes.Store(sum, TLanes.Fma(TLanes.Load(sum), factor, tileSum));
        TLanes.Store(max, newMax);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static TVec Score<TLanes, TVec, TScaled, TMasked, TModifier>(float* score, nint stride, int key, float* keyScales, uint* words, TVec hidden, TModifier modifier)
        where TLanes : struct, ILanes<TVec>
        where TVec : struct
        where TScaled : struct, IChoice
        where TMasked : struct, IChoice
        where TModifier : struct, IScoreModifier<TVec>
    {
        TVec value = TLanes.Load(score);
        if (TScaled.Value)
        {
            value = TLanes.Multiply(value, TLanes.Broadcast(keyScales[key]));
        }

        value = modifier.Of(value, key);
        if (TMasked.Value)
        {
            value = TLanes.Select(TLanes.MaskFromWords(words + ((key >> 5) * stride), key & 31), value, hidden);
        }

        if (TScaled.Value || TMasked.Value || TModifier.Changes)
        {
            TLanes.Store(score, value);
        }

        return value;
    }
}
