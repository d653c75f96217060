using System.Runtime.CompilerServices;

namespace DistAttention.Kernels;

/// <summary>
/// What is done to a vector of scores of one tile, elementwise: between scaling and mask. A struct, so that the loops over
/// scores are compiled for each one and cost nothing where there is none.
/// </summary>
internal interface IScoreModifier<TVec>
    where TVec : struct
{
    /// <summary>Whether scores change, so that they have to be stored.</summary>
    static abstract bool Changes { get; }

    /// <summary>The modified scores.</summary>
    /// <param name="score">Scores in base 2.</param>
    /// <param name="key">The key within the tile; where keys lie side by side, the first of the vector.</param>
    TVec Of(TVec score, int key);
}

/// <summary>Scores as they are.</summary>
internal readonly struct NoModifier<TVec> : IScoreModifier<TVec>
    where TVec : struct
{
    public static bool Changes => false;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public TVec Of(TVec score, int key) => score;
}

/// <summary>One modifier after another.</summary>
internal readonly struct BothModifiers<TVec, TFirst, TSecond>(TFirst first, TSecond second) : IScoreModifier<TVec>
    where TVec : struct
    where TFirst : struct, IScoreModifier<TVec>
    where TSecond : struct, IScoreModifier<TVec>
{
    private readonly TFirst _first = first;
    private readonly TSecond _second = second;

    public static bool Changes => true;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public TVec Of(TVec score, int key) => _second.Of(_first.Of(score, key), key);
}
