using System.Runtime.CompilerServices;

namespace DistAttention.Kernels;

/// <summary>
/// s ← c · tanh(s / c). With x = fl(s · fl(1/c)): s + s · Series(x²) up to x = 1, where tanh is nearly straight, so that small scores
/// stay what they are; c · tanh(x) beyond. Any finite score gives one of at most c in size.
/// </summary>
internal readonly struct SoftCapModifier<TLanes, TVec>(CompiledScore score) : IScoreModifier<TVec>
    where TLanes : struct, ILanes<TVec>
    where TVec : struct
{
    private readonly TVec _cap = TLanes.Broadcast(score.CapLog2);
    private readonly TVec _perCap = TLanes.Broadcast(score.PerCapLog2);

    public static bool Changes => true;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public TVec Of(TVec score, int key)
    {
        TVec x = TLanes.Multiply(score, _perCap);
        TVec z = TLanes.Multiply(x, x);
        TVec small = TLanes.Fma(score, Tanh.Series<TLanes, TVec>(z), score);
        TVec isLarge = Tanh.IsLarge<TLanes, TVec>(z);
        return TLanes.Any(isLarge) ? TLanes.Select(isLarge, TLanes.Multiply(_cap, Tanh.OfLarge<TLanes, TVec>(x)), small) : small;
    }
}
