using System.Runtime.CompilerServices;

namespace DistAttention.Kernels;

/// <summary>s ← s + bias, where the biases of a vector of scores lie side by side and those of the next key a fixed step further.</summary>
/// <param name="biases">Those of key 0.</param>
/// <param name="step">Floats from one key to the next.</param>
internal readonly unsafe struct BiasModifier<TLanes, TVec>(float* biases, nint step) : IScoreModifier<TVec>
    where TLanes : struct, ILanes<TVec>
    where TVec : struct
{
    private readonly float* _biases = biases;
    private readonly nint _step = step;

    public static bool Changes => true;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public TVec Of(TVec score, int key) => TLanes.Add(score, TLanes.Load(_biases + (key * _step)));
}
