using DistAttention.Engine.Compute;
using DistAttention.Engine.Planning;
using DistAttention.Kernels;

namespace DistAttention.Engine.Execution;

/// <summary>Computes the partials of one query tile over the blocks of this process.</summary>
internal sealed class TileJob : ComputeJob
{
    /// <summary>Tiles of at most this many rows go before longer ones.</summary>
    private const int ShortRows = 16;

    private readonly TileRequest _request;
    private readonly HeldBlocks _held;
    private readonly WorkSplit _split;
    private readonly CompiledMask _mask;
    private readonly CompiledScore _score;
    private readonly PooledPartial?[] _partials;

    private TileJob(TileRequest request, HeldBlocks held, WorkSplit split, CancellationToken cancellationToken)
        : base(split.Nodes.Count * split.RowItems * request.Spec.NumHeadsKv, request.Rows <= ShortRows, cancellationToken)
    {
        _request = request;
        _held = held;
        _split = split;
        _mask = CompiledMask.Compile(request.Mask);
        _score = CompiledScore.Compile(request.Score, request.Spec);
        _partials = new PooledPartial?[split.Nodes.Count];
    }

    /// <summary>One partial per node asked for, once the job has run; whoever takes it disposes it.</summary>
    public NodePartial[] Partials { get; private set; } = [];

    public static TileJob Make(TileRequest request, HeldBlocks held, int threads, CancellationToken cancellationToken)
    {
        WorkSplit split = WorkSplit.Make(request.Rows, request.Spec, request.Nodes, held.Positions, threads);
        TileJob job = new(request, held, split, cancellationToken);
        for (int i = 0; i < job._partials.Length; i++)
        {
            job._partials[i] = new PooledPartial(request.Rows, request.Spec.NumHeadsQ, request.Spec.HeadDimV);
        }

        return job;
    }

    /// <summary>Gives back what was not taken, after a failure.</summary>
    public void DisposePartials()
    {
        foreach (PooledPartial? partial in _partials)
        {
            partial?.Dispose();
        }
    }

    protected override void Run(int item, KernelScratch scratch)
    {
        WorkItem work = _split.ItemAt(item, _request.Spec.NumHeadsKv, _request.Rows);
        TreeNode node = _split.Nodes[work.Node];
        AttentionKernel.ComputeNode(
            _held.View,
            work.HeadKv,
            TileQueries.Of(_request, _score, _mask),
            work.FirstRow,
            work.RowCount,
            node.FirstRun,
            node.Level,
            _partials[work.Node]!.Span,
            scratch,
            CancellationToken);
    }

    protected override void Finish()
    {
        NodePartial[] computed = new NodePartial[_partials.Length];
        for (int i = 0; i < computed.Length; i++)
        {
            computed[i] = new NodePartial(_split.Nodes[i], _partials[i]!);
        }

        List<NodePartial> asked = [];
        int from = 0;
        foreach (TreeNode node in _request.Nodes)
        {
            int to = from;
            while (to < computed.Length && computed[to].Node.FirstRun < node.EndRun)
            {
                to++;
            }

            if (NodeMerger.Merge(computed.AsSpan(from, to - from), node) is { } merged)
            {
                asked.Add(new NodePartial(node, merged));
            }

            from = to;
        }

        Array.Clear(_partials);
        Partials = [.. asked];
    }
}
