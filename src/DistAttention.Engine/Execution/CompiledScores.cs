using System.Runtime.CompilerServices;
using DistAttention.Kernels;

namespace DistAttention.Engine.Execution;

/// <summary>
/// Scores compiled lately: layers and steps share one. A score counts as the same only if it is the same object, which is not
/// kept alive. Safe to use from many threads.
/// </summary>
internal sealed class CompiledScores
{
    private const int Places = 16;

    private readonly Placed?[] _placed = new Placed?[Places];

    /// <summary>A score, compiled.</summary>
    /// <param name="score">The score.</param>
    /// <param name="spec">The sequence's shape.</param>
    public CompiledScore Get(ScoreFunction score, SequenceSpec spec)
    {
        ref Placed? place = ref _placed[(RuntimeHelpers.GetHashCode(score) ^ RuntimeHelpers.GetHashCode(spec)) & (Places - 1)];
        Placed? found = Volatile.Read(ref place);
        if (found is null || !found.IsOf(score, spec))
        {
            found = new Placed(score, spec, CompiledScore.Compile(score, spec));
            Volatile.Write(ref place, found);
        }

        return found.Compiled;
    }

    private sealed class Placed(ScoreFunction score, SequenceSpec spec, CompiledScore compiled)
    {
        private readonly WeakReference<ScoreFunction> _score = new(score);
        private readonly WeakReference<SequenceSpec> _spec = new(spec);

        public CompiledScore Compiled => compiled;

        public bool IsOf(ScoreFunction otherScore, SequenceSpec otherSpec) =>
            _score.TryGetTarget(out ScoreFunction? keptScore) && ReferenceEquals(keptScore, otherScore)
            && _spec.TryGetTarget(out SequenceSpec? keptSpec) && ReferenceEquals(keptSpec, otherSpec);
    }
}
