using System.Numerics;
using DistAttention.Engine.Planning;
using DistAttention.Kernels;

namespace DistAttention.Engine.Execution;

/// <summary>
/// Cuts a tile into pieces whose shards fit memory together, each under one node of the merge tree, so that a sequence larger than memory is
/// answered one piece after the other, with the same bits.
/// </summary>
internal static class TilePieces
{
    /// <summary>The pieces, in the order of positions.</summary>
    /// <param name="request">The tile.</param>
    /// <param name="mostBytes">Bytes of K/V that a piece may need; a single shard is not cut, whatever it needs.</param>
    public static List<TileRequest> Of(TileRequest request, long mostBytes)
    {
        List<TileRequest> pieces = [];
        int shardLevel = BitOperations.Log2((uint)(request.Spec.ShardLength / SequenceFormat.RunLength));
        long blockBytes = KvLayout.Of(request.Spec).BlockBytes;
        int from = 0;
        foreach (TreeNode node in request.Nodes)
        {
            int to = End(request, from, node, shardLevel);
            Cut(request, node, from, to, shardLevel, mostBytes / blockBytes, pieces);
            from = to;
        }

        return pieces;
    }

    private static void Cut(TileRequest request, TreeNode node, int from, int to, int shardLevel, long mostBlocks, List<TileRequest> pieces)
    {
        if (from == to)
        {
            return;
        }

        if (to - from == 1 || node.Level <= shardLevel || Blocks(request, from, to) <= mostBlocks)
        {
            pieces.Add(request with { Output = default, Nodes = [node], Shards = [.. request.Shards.Skip(from).Take(to - from)] });
            return;
        }

        int middle = End(request, from, node.Left, shardLevel);
        Cut(request, node.Left, from, middle, shardLevel, mostBlocks, pieces);
        Cut(request, node.Right, middle, to, shardLevel, mostBlocks, pieces);
    }

    private static int End(TileRequest request, int from, TreeNode node, int shardLevel)
    {
        long end = Math.Max(1, node.EndRun >> shardLevel); // a node below a shard is in the one it starts in
        int to = from;
        while (to < request.Shards.Count && (request.Shards[to].Shard.Id.Index < end || request.Shards[to].Shard.Id.Index == node.FirstRun >> shardLevel))
        {
            to++;
        }

        return to;
    }

    private static long Blocks(TileRequest request, int from, int to)
    {
        long blocks = 0;
        for (int i = from; i < to; i++)
        {
            blocks += (request.Shards[i].Length + SequenceFormat.BlockLength - 1) / SequenceFormat.BlockLength;
        }

        return blocks;
    }
}
