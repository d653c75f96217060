using System.Runtime.CompilerServices;

namespace DistAttention.Kernels;

/// <summary>What modifies the scores of one vector of query lanes against the current tile.</summary>
internal unsafe struct LaneModifiers
{
    /// <summary>The slope of every lane.</summary>
    public float* Slopes;

    /// <summary>The tile's first position − qPos of every lane, as a float.</summary>
    public float* TileDistances;

    /// <summary>The relative biases of the lanes for key 0, and the step to those of the next key.</summary>
    public float* Biases;
    public nint BiasStep;
}

/// <summary>Scales, modifies and masks the scores of one vector of query lanes, with the loop that is compiled for what there is to do.</summary>
internal static unsafe class LaneScores
{
    /// <summary>Changes the scores in place.</summary>
    /// <param name="score">The score.</param>
    /// <param name="modifiers">Its parts for these lanes; looked at only where the score has them.</param>
    /// <param name="scores">[keys][stride].</param>
    /// <param name="stride">Floats from one key to the next.</param>
    /// <param name="keys">Keys.</param>
    /// <param name="keyScales">[keys], where keys are scaled.</param>
    /// <param name="words">The mask of the lanes; null: all is seen.</param>
    /// <returns>The largest score of every lane.</returns>
    public static TVec Finish<TLanes, TVec, TScaled>(CompiledScore score, in LaneModifiers modifiers, float* scores, nint stride, int keys, float* keyScales, uint* words)
        where TLanes : struct, ILanes<TVec>
        where TVec : struct
        where TScaled : struct, IChoice
    {
        if (score.IsAdditive)
        {
            // Scales of stored keys belong inside the tangent, where they have been applied.
            return Modified<TLanes, TVec, No>(score, modifiers, scores, stride, keys, null, words);
        }

        return Modified<TLanes, TVec, TScaled>(score, modifiers, scores, stride, keys, keyScales, words);
    }

    private static TVec Modified<TLanes, TVec, TScaled>(CompiledScore score, in LaneModifiers m, float* scores, nint stride, int keys, float* keyScales, uint* words)
        where TLanes : struct, ILanes<TVec>
        where TVec : struct
        where TScaled : struct, IChoice
    {
        switch (score.Modifiers)
        {
            case ScoreModifiers.None:
                return Masked<TLanes, TVec, TScaled, NoModifier<TVec>>(default, scores, stride, keys, keyScales, words);
            case ScoreModifiers.SoftCap:
                return Masked<TLanes, TVec, TScaled, SoftCapModifier<TLanes, TVec>>(new(score), scores, stride, keys, keyScales, words);
            case ScoreModifiers.Alibi:
                return Masked<TLanes, TVec, TScaled, AlibiLanes<TLanes, TVec>>(new(m.Slopes, m.TileDistances), scores, stride, keys, keyScales, words);
            case ScoreModifiers.Bias:
                return Masked<TLanes, TVec, TScaled, BiasModifier<TLanes, TVec>>(new(m.Biases, m.BiasStep), scores, stride, keys, keyScales, words);
            case ScoreModifiers.SoftCap | ScoreModifiers.Alibi:
                return Masked<TLanes, TVec, TScaled, BothModifiers<TVec, SoftCapModifier<TLanes, TVec>, AlibiLanes<TLanes, TVec>>>(
                    new(new(score), new(m.Slopes, m.TileDistances)), scores, stride, keys, keyScales, words);
            case ScoreModifiers.SoftCap | ScoreModifiers.Bias:
                return Masked<TLanes, TVec, TScaled, BothModifiers<TVec, SoftCapModifier<TLanes, TVec>, BiasModifier<TLanes, TVec>>>(
                    new(new(score), new(m.Biases, m.BiasStep)), scores, stride, keys, keyScales, words);
            case ScoreModifiers.Alibi | ScoreModifiers.Bias:
                return Masked<TLanes, TVec, TScaled, BothModifiers<TVec, AlibiLanes<TLanes, TVec>, BiasModifier<TLanes, TVec>>>(
                    new(new(m.Slopes, m.TileDistances), new(m.Biases, m.BiasStep)), scores, stride, keys, keyScales, words);
            default:
                return Masked<TLanes, TVec, TScaled, BothModifiers<TVec, SoftCapModifier<TLanes, TVec>, BothModifiers<TVec, AlibiLanes<TLanes, TVec>, BiasModifier<TLanes, TVec>>>>(
                    new(new(score), new(new(m.Slopes, m.TileDistances), new(m.Biases, m.BiasStep))), scores, stride, keys, keyScales, words);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static TVec Masked<TLanes, TVec, TScaled, TModifier>(TModifier modifier, float* scores, nint stride, int keys, float* keyScales, uint* words)
        where TLanes : struct, ILanes<TVec>
        where TVec : struct
        where TScaled : struct, IChoice
        where TModifier : struct, IScoreModifier<TVec> =>
        words != null
            ? SoftmaxColumn.Scores<TLanes, TVec, TScaled, Yes, TModifier>(scores, stride, keys, keyScales, words, modifier)
            : SoftmaxColumn.Scores<TLanes, TVec, TScaled, No, TModifier>(scores, stride, keys, keyScales, null, modifier);
}
