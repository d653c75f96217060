using System.Runtime.CompilerServices;

namespace DistAttention.Kernels;

/// <summary>
/// s ← fma(d, slope, s), queries side by side. The distance d = fl(fl(tile's first position − qPos) + key) is kvPos − qPos,
/// exactly up to 2²⁴ and rounded twice beyond.
/// </summary>
internal readonly unsafe struct AlibiLanes<TLanes, TVec>(float* slopes, float* tileDistances) : IScoreModifier<TVec>
    where TLanes : struct, ILanes<TVec>
    where TVec : struct
{
    private readonly TVec _slopes = TLanes.Load(slopes);
    private readonly TVec _tileDistances = TLanes.Load(tileDistances);

    public static bool Changes => true;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public TVec Of(TVec score, int key) =>
        TLanes.Fma(TLanes.Add(_tileDistances, TLanes.Broadcast((float)key)), _slopes, score);
}

/// <summary>The same, keys side by side.</summary>
/// <param name="slope">The query head's slope.</param>
/// <param name="tileDistance">The tile's first position − qPos.</param>
/// <param name="ordinals">[256]: 0, 1, 2, …</param>
internal readonly unsafe struct AlibiKeys<TLanes, TVec>(float slope, float tileDistance, float* ordinals) : IScoreModifier<TVec>
    where TLanes : struct, ILanes<TVec>
    where TVec : struct
{
    private readonly TVec _slope = TLanes.Broadcast(slope);
    private readonly TVec _tileDistance = TLanes.Broadcast(tileDistance);
    private readonly float* _ordinals = ordinals;

    public static bool Changes => true;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public TVec Of(TVec score, int key) =>
        TLanes.Fma(TLanes.Add(_tileDistance, TLanes.Load(_ordinals + key)), _slope, score);
}
