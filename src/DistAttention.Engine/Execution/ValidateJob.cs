using DistAttention.Calls;
using DistAttention.Engine.Compute;
using DistAttention.Kernels;

namespace DistAttention.Engine.Execution;

/// <summary>Looks for values that cannot be used, slice by slice; reports the first in the tensor's order, whichever thread finds one first.</summary>
/// <param name="rows">Rows to look at.</param>
/// <param name="cancellationToken">Stops the job.</param>
internal abstract class ValidateJob(int rows, CancellationToken cancellationToken)
    : ComputeJob((rows + RowsPerItem - 1) / RowsPerItem, isShort: true, cancellationToken)
{
    private const int RowsPerItem = 4096;
    private const int FewRows = SequenceFormat.BlockLength; // checked where they are

    private InvalidTensorException? _first;

    /// <summary>Checks rows about to be appended.</summary>
    public static ValueTask RunAsync(ComputePool pool, SequenceSpec spec, ReadOnlyMemory<float> k, ReadOnlyMemory<float> v, int rows, CallerId caller, CancellationToken cancellationToken)
    {
        if (rows > FewRows)
        {
            return pool.RunAsync(new ValidateRowsJob(spec, k, v, rows, cancellationToken) { Caller = caller });
        }

        KvPacker.Validate(spec, k.Span, v.Span);
        return ValueTask.CompletedTask;
    }

    /// <summary>Checks query rows.</summary>
    public static ValueTask RunAsync(ComputePool pool, ReadOnlyMemory<float> q, int rows, SequenceSpec spec, CallerId caller, CancellationToken cancellationToken)
    {
        if (rows > FewRows)
        {
            return pool.RunAsync(new ValidateQueriesJob(spec, q, rows, cancellationToken) { Caller = caller });
        }

        KvPacker.ValidateFinite("q", q.Span, spec.NumHeadsQ, spec.HeadDim);
        return ValueTask.CompletedTask;
    }

    /// <summary>Checks some rows; what it throws names the token counted from the first of them.</summary>
    protected abstract void Check(int first, int count);

    protected sealed override void Run(int item, KernelScratch scratch)
    {
        int first = item * RowsPerItem;
        try
        {
            Check(first, Math.Min(RowsPerItem, rows - first));
        }
        catch (InvalidTensorException e)
        {
            InvalidTensorException found = e.InToken(e.Token + first);
            for (InvalidTensorException? seen = _first; seen is null || found.Token < seen.Token;)
            {
                InvalidTensorException? before = Interlocked.CompareExchange(ref _first, found, seen);
                if (before == seen)
                {
                    return;
                }

                seen = before;
            }
        }
    }

    protected sealed override void Finish()
    {
        if (_first is not null)
        {
            throw _first;
        }
    }
}
