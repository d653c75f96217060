using DistAttention.Kernels;

namespace DistAttention.Engine.Execution;

/// <summary>Checks rows about to be appended: keys [rows, NumHeadsKv, HeadDim] and values [rows, NumHeadsKv, AppendedHeadDimV].</summary>
internal sealed class ValidateRowsJob(SequenceSpec spec, ReadOnlyMemory<float> k, ReadOnlyMemory<float> v, int rows, CancellationToken cancellationToken)
    : ValidateJob(rows, cancellationToken)
{
    protected override void Check(int first, int count)
    {
        int kRow = spec.NumHeadsKv * spec.HeadDim;
        int vRow = spec.NumHeadsKv * spec.AppendedHeadDimV;
        KvPacker.Validate(spec, k.Span.Slice(first * kRow, count * kRow), v.Span.Slice(first * vRow, count * vRow));
    }
}
