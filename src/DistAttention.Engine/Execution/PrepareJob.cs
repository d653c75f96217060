using DistAttention.Engine.Compute;
using DistAttention.Kernels;

namespace DistAttention.Engine.Execution;

/// <summary>Projects and turns the queries of a tile as score and sequence say: where the snapshot is pinned, so that positions are known, and once per row, however many owners it goes to.</summary>
internal sealed class PrepareJob : ComputeJob
{
    private const int RowsPerItem = 32;

    private readonly TileQuery _query;
    private readonly float[] _prepared; // [rows, NumHeadsQ, StoredHeadDim]

    private PrepareJob(TileQuery query, CancellationToken cancellationToken)
        : base((query.Rows + RowsPerItem - 1) / RowsPerItem, isShort: true, cancellationToken)
    {
        SequenceSpec spec = query.Snapshot.Spec;
        _query = query;
        _prepared = GC.AllocateUninitializedArray<float>(checked(query.Rows * spec.NumHeadsQ * spec.StoredHeadDim));
    }

    /// <summary>The tile as owners take it: q prepared, and the score that is left to compute over it.</summary>
    public static async ValueTask<TileQuery> PrepareAsync(ComputePool pool, TileQuery query, CancellationToken cancellationToken)
    {
        ScoreFunction score = query.Options.Score;
        score.ValidateFor(query.Snapshot.Spec);
        ScoreFunction left = score.OverPreparedQueries();
        TileQuery prepared = ReferenceEquals(left, score) ? query : query with { Options = query.Options with { Score = left } };
        if (query.Rows == 0 || !QueryRows.NeedPreparing(query.Snapshot.Spec, score))
        {
            return prepared;
        }

        PrepareJob job = new(query, cancellationToken) { Caller = query.Caller };
        await pool.RunAsync(job).ConfigureAwait(false);
        return prepared with { Q = job._prepared };
    }

    protected override void Run(int item, KernelScratch scratch)
    {
        SequenceSpec spec = _query.Snapshot.Spec;
        int first = item * RowsPerItem;
        int count = Math.Min(RowsPerItem, _query.Rows - first);
        int from = spec.NumHeadsQ * spec.HeadDim;
        int to = spec.NumHeadsQ * spec.StoredHeadDim;
        try
        {
            QueryRows.Prepare(spec, _query.Options.Score, _query.Q.Span.Slice(first * from, count * from), _query.FirstQueryPosition + first, _prepared.AsSpan(first * to, count * to));
        }
        catch (NumericOverflowException overflow)
        {
            throw overflow.InRow(overflow.Row + first + _query.FirstRow);
        }
    }
}
