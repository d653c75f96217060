using DistAttention.Fuzz.Targets.Wire;

namespace DistAttention.Fuzz;

/// <summary>What travels between processes.</summary>
internal static partial class FuzzTargets
{
    static partial void AddWireTargets(IDictionary<string, Func<FuzzTarget>> all)
    {
        all.Add("wire-tensor", static () => new TensorPayloadTarget());
        all.Add("wire-mask", PackedTarget.Masks);
        all.Add("wire-score", PackedTarget.Scores);
        all.Add("wire-spec", PackedTarget.Specs);
        all.Add("wire-plan", PackedTarget.Plans);
        all.Add("wire-call", static () => new CallTarget());
    }
}
