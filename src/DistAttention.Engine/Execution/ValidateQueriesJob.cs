using DistAttention.Kernels;

namespace DistAttention.Engine.Execution;

/// <summary>Checks query rows [rows, NumHeadsQ, HeadDim].</summary>
internal sealed class ValidateQueriesJob(SequenceSpec spec, ReadOnlyMemory<float> q, int rows, CancellationToken cancellationToken) : ValidateJob(rows, cancellationToken)
{
    protected override void Check(int first, int count)
    {
        int row = spec.NumHeadsQ * spec.HeadDim;
        KvPacker.ValidateFinite("q", q.Span.Slice(first * row, count * row), spec.NumHeadsQ, spec.HeadDim);
    }
}
