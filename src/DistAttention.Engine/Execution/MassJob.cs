using DistAttention.Engine.Compute;
using DistAttention.Engine.Planning;
using DistAttention.Kernels;

namespace DistAttention.Engine.Execution;

/// <summary>The second pass of a query tile over the blocks of this process. Nodes of the tree are only a way to share the work here: mass adds up in any order.</summary>
internal sealed class MassJob : ComputeJob
{
    private readonly MassRequest _request;
    private readonly HeldBlocks _held;
    private readonly WorkSplit _split;
    private readonly CompiledMask _mask;
    private readonly CompiledScore _score;
    private readonly MassBuffer[] _parts;

    private MassJob(MassRequest request, HeldBlocks held, WorkSplit split, CancellationToken cancellationToken)
        : base(split.Count, isShort: false, cancellationToken)
    {
        _request = request;
        _held = held;
        _split = split;
        _mask = CompiledMask.Compile(request.Tile.Mask);
        _score = CompiledScore.Compile(request.Tile.Score, request.Tile.Spec);
        _parts = [.. Enumerable.Range(0, split.Nodes.Count).Select(_ => request.NewMass())];
    }

    /// <summary>The mass of all rows, once the job has run.</summary>
    public MassBuffer Mass => _parts[0];

    public static MassJob Make(MassRequest request, HeldBlocks held, int threads, CancellationToken cancellationToken)
    {
        WorkSplit split = WorkSplit.Make(request.Tile.Rows, request.Tile.Spec, request.Tile.Nodes, held.Positions, threads, headsTogether: false);
        return new MassJob(request, held, split, cancellationToken) { Caller = request.Tile.Caller };
    }

    protected override void Run(int item, KernelScratch scratch)
    {
        TileRequest tile = _request.Tile;
        WorkItem work = _split[item];
        TreeNode node = _split.Nodes[work.Node];
        MassKernel.Accumulate(
            _held.View,
            work.FirstHeadKv,
            TileQueries.Of(tile, _score, _mask),
            work.FirstRow,
            work.RowCount,
            node.FirstRun,
            node.EndRun - node.FirstRun,
            _request.Root,
            _parts[work.Node].Span,
            scratch,
            CancellationToken);
    }

    protected override void Finish()
    {
        foreach (MassBuffer part in _parts.AsSpan(1))
        {
            Mass.Span.Add(part.Span);
        }
    }
}
