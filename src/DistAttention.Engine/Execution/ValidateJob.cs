using DistAttention.Calls;
using DistAttention.Engine.Compute;
using DistAttention.Kernels;

namespace DistAttention.Engine.Execution;

/// <summary>Looks for values that cannot be used, slice by slice; reports the first in the tensor's order, whichever thread finds one first.</summary>
internal sealed class ValidateJob : ComputeJob
{
    private const int RowsPerItem = 4096;
    private const int FewRows = SequenceFormat.BlockLength; // checked where they are

    private readonly int _rows;
    private readonly Action<int, int> _check;
    private readonly Lock _lock = new();
    private InvalidTensorException? _first;

    private ValidateJob(int rows, Action<int, int> check, CancellationToken cancellationToken)
        : base((rows + RowsPerItem - 1) / RowsPerItem, isShort: true, cancellationToken)
    {
        _rows = rows;
        _check = check;
    }

    /// <summary>Checks rows about to be appended.</summary>
    public static Task RunAsync(ComputePool pool, SequenceSpec spec, ReadOnlyMemory<float> k, ReadOnlyMemory<float> v, int rows, CallerId caller, CancellationToken cancellationToken)
    {
        int kRow = spec.NumHeadsKv * spec.HeadDim;
        int vRow = spec.NumHeadsKv * spec.AppendedHeadDimV;
        return RunAsync(
            pool,
            rows,
            caller,
            (first, count) => KvPacker.Validate(spec, k.Span.Slice(first * kRow, count * kRow), v.Span.Slice(first * vRow, count * vRow)),
            cancellationToken);
    }

    /// <summary>Checks query rows.</summary>
    public static Task RunAsync(ComputePool pool, ReadOnlyMemory<float> q, int rows, SequenceSpec spec, CallerId caller, CancellationToken cancellationToken)
    {
        if (rows <= FewRows)
        {
            KvPacker.ValidateFinite("q", q.Span, spec.NumHeadsQ, spec.HeadDim);
            return Task.CompletedTask;
        }

        return RunManyAsync(pool, q, rows, spec, caller, cancellationToken);
    }

    protected override void Run(int item, KernelScratch scratch)
    {
        int first = item * RowsPerItem;
        try
        {
            _check(first, Math.Min(RowsPerItem, _rows - first));
        }
        catch (InvalidTensorException e)
        {
            lock (_lock)
            {
                InvalidTensorException found = e.InToken(e.Token + first);
                _first = _first is null || found.Token < _first.Token ? found : _first;
            }
        }
    }

    protected override void Finish()
    {
        if (_first is not null)
        {
            throw _first;
        }
    }

    private static Task RunManyAsync(ComputePool pool, ReadOnlyMemory<float> q, int rows, SequenceSpec spec, CallerId caller, CancellationToken cancellationToken)
    {
        int row = spec.NumHeadsQ * spec.HeadDim;
        return RunAsync(
            pool,
            rows,
            caller,
            (first, count) => KvPacker.ValidateFinite("q", q.Span.Slice(first * row, count * row), spec.NumHeadsQ, spec.HeadDim),
            cancellationToken);
    }

    private static Task RunAsync(ComputePool pool, int rows, CallerId caller, Action<int, int> check, CancellationToken cancellationToken)
    {
        if (rows > FewRows)
        {
            return pool.RunAsync(new ValidateJob(rows, check, cancellationToken) { Caller = caller });
        }

        check(0, rows);
        return Task.CompletedTask;
    }
}
