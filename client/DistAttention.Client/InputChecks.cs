using DistAttention.Kernels;

namespace DistAttention.Client;

/// <summary>Looks for values that cannot be used before anything is sent, slice by slice; reports the first in the tensor's order.</summary>
internal static class InputChecks
{
    private const int RowsPerSlice = 4096;

    /// <summary>Checks rows about to be appended.</summary>
    public static Task CheckAsync(SequenceSpec spec, ReadOnlyMemory<float> k, ReadOnlyMemory<float> v, int rows, CancellationToken cancellationToken)
    {
        int kRow = spec.NumHeadsKv * spec.HeadDim;
        int vRow = spec.NumHeadsKv * spec.AppendedHeadDimV;
        return CheckAsync(
            rows,
            (first, count) => KvPacker.Validate(spec, k.Span.Slice(first * kRow, count * kRow), v.Span.Slice(first * vRow, count * vRow)),
            cancellationToken);
    }

    /// <summary>Checks query rows.</summary>
    public static Task CheckAsync(SequenceSpec spec, ReadOnlyMemory<float> q, int rows, CancellationToken cancellationToken)
    {
        int row = spec.NumHeadsQ * spec.HeadDim;
        return CheckAsync(
            rows,
            (first, count) => KvPacker.ValidateFinite("q", q.Span.Slice(first * row, count * row), spec.NumHeadsQ, spec.HeadDim),
            cancellationToken);
    }

    private static Task CheckAsync(int rows, Action<int, int> check, CancellationToken cancellationToken)
    {
        if (rows > SequenceFormat.BlockLength)
        {
            return Task.Run(() => CheckSlices(rows, check, cancellationToken), cancellationToken);
        }

        check(0, rows);
        return Task.CompletedTask;
    }

    private static void CheckSlices(int rows, Action<int, int> check, CancellationToken cancellationToken)
    {
        Lock gate = new();
        InvalidTensorException? first = null;
        ParallelOptions parallel = new() { CancellationToken = cancellationToken, MaxDegreeOfParallelism = Environment.ProcessorCount };
        Parallel.For(0, (rows + RowsPerSlice - 1) / RowsPerSlice, parallel, slice =>
        {
            int start = slice * RowsPerSlice;
            try
            {
                check(start, Math.Min(RowsPerSlice, rows - start));
            }
            catch (InvalidTensorException e)
            {
                lock (gate)
                {
                    InvalidTensorException found = e.InToken(e.Token + start);
                    first = first is null || found.Token < first.Token ? found : first;
                }
            }
        });
        if (first is not null)
        {
            throw first;
        }
    }
}
