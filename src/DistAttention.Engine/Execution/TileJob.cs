using System.Buffers;
using DistAttention.Engine.Compute;
using DistAttention.Engine.Planning;
using DistAttention.Kernels;

namespace DistAttention.Engine.Execution;

/// <summary>Computes the partials of one query tile over the blocks of this process.</summary>
internal sealed class TileJob : ComputeJob
{
    /// <summary>Tiles of at most this many rows go before longer ones.</summary>
    private const int ShortRows = 16;

    /// <summary>Tiles of fewer rows have items too short for their order to matter.</summary>
    private const int OrderedRows = 512;

    private readonly TileRequest _request;
    private readonly HeldBlocks _held;
    private readonly WorkSplit _split;
    private readonly CompiledMask _mask;
    private readonly CompiledScore _score;
    private readonly NodePartial[] _results; // per node asked for; its first piece is computed in place
    private readonly PooledPartial? _pieces; // [pieces, rows]: the partials of all other pieces
    private int[]? _order; // rented
    private ItemRuns? _runs; // of few rows, which are bound by memory

    private TileJob(TileRequest request, CompiledScore score, HeldBlocks held, WorkSplit split, int threads, CancellationToken cancellationToken)
        : base(split.Count, request.Rows <= ShortRows, cancellationToken)
    {
        SequenceSpec spec = request.Spec;
        _request = request;
        _held = held;
        _split = split;
        _mask = CompiledMask.Compile(request.Mask);
        _score = score;
        _order = request.Rows < OrderedRows ? null : WorkOrder.Of(split, _mask, request.FirstQueryPosition, held.Positions);
        _runs = AttentionKernel.FollowsMemory(request.Rows * spec.GroupSize) ? new ItemRuns(split.Count, threads) : null;
        _results = new NodePartial[request.Nodes.Count];
        for (int i = 0; i < _results.Length; i++)
        {
            _results[i] = new NodePartial(request.Nodes[i], PooledPartial.Uninitialized(request.Rows, spec.NumHeadsQ, spec.HeadDimV, request.Output));
        }

        int pieces = split.Nodes.Count - _results.Length;
        _pieces = pieces > 0 ? PooledPartial.Uninitialized(checked(pieces * request.Rows), spec.NumHeadsQ, spec.HeadDimV) : null;
    }

    public static TileJob Make(TileRequest request, CompiledScore score, HeldBlocks held, int threads, CancellationToken cancellationToken) =>
        new(request, score, held, WorkSplit.Make(request.Rows, request.Spec, request.Nodes, held.Positions, threads, headsTogether: true), threads, cancellationToken) { Caller = request.Caller };

    /// <summary>One partial per node asked for, once the job has run; whoever takes them disposes them.</summary>
    public IReadOnlyList<NodePartial> Partials => _results;

    /// <summary>Gives all partials back, after a failure.</summary>
    public void DisposePartials()
    {
        GiveBack();
        foreach (NodePartial result in _results)
        {
            result.Partial.Dispose();
        }
    }

    protected override void Run(int item, KernelScratch scratch)
    {
        WorkItem work = _split[_order is null ? item : _order[item]];
        TreeNode node = _split.Nodes[work.Node];
        AttentionKernel.ComputeNode(
            _held.View,
            TileQueries.Of(_request, _score, _mask),
            new NodePart(work.FirstHeadKv, work.HeadCount, work.FirstRow, work.RowCount, node.FirstRun, node.Level),
            Piece(work.Node),
            scratch,
            CancellationToken);
    }

    protected override int ItemOf(int started, int worker) => _runs?.Take(worker) ?? started;

    protected override void Finish()
    {
        int from = 0;
        for (int asked = 0; asked < _results.Length; asked++)
        {
            int count = _split.Nodes.CountUnder(asked);
            Merge(from, from + count, _results[asked].Node);
            from += count;
        }

        GiveBack();
    }

    /// <summary>Gives back what only the job needed.</summary>
    private void GiveBack()
    {
        _pieces?.Dispose();
        if (_order is { } order)
        {
            _order = null;
            ArrayPool<int>.Shared.Return(order);
        }

        _runs?.Return();
        _runs = null;
    }

    /// <summary>
    /// Merges the pieces from one on up to another along the tree under a node; the first piece receives the result.
    /// T(l,i) = merge(T(l−1,2i), T(l−1,2i+1)), a missing child being the identity.
    /// </summary>
    private void Merge(int from, int to, TreeNode node)
    {
        if (to - from <= 1)
        {
            return;
        }

        int split = from;
        while (split < to && _split.Nodes[split].FirstRun < node.Right.FirstRun)
        {
            split++;
        }

        Merge(from, split, node.Left);
        Merge(split, to, node.Right);
        if (split > from && split < to)
        {
            PartialMerge.Merge(Piece(from), Piece(split));
        }
    }

    /// <summary>The partial of a piece.</summary>
    private PartialSpan Piece(int piece)
    {
        int first = 0; // of the node asked for that it is a piece of
        int asked = 0;
        for (int count = _split.Nodes.CountUnder(0); piece >= first + count; count = _split.Nodes.CountUnder(asked))
        {
            first += count;
            asked++;
        }

        return piece == first ? _results[asked].Partial.Span : _pieces!.Span.Slice((piece - asked - 1) * _request.Rows, _request.Rows);
    }
}
