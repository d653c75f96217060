using DistAttention.Contracts;
using DistAttention.Engine.Execution;
using DistAttention.Engine.Planning;

namespace DistAttention.Grains;

/// <summary>
/// A tile cut by the nodes asked for, where the answer to one query row over all of them does not fit a message: many heads, and
/// shards so scattered that few of them merge.
/// </summary>
internal static class NodeGroups
{
    /// <summary>The same tile, asked for a group of nodes at a time; one group where that fits.</summary>
    public static IReadOnlyList<TileRequest> Of(TileRequest request)
    {
        long rowOfNode = (long)PooledPartial.LengthOf(1, request.Spec.NumHeadsQ, request.Spec.HeadDimV) * sizeof(float);
        int most = CallLimits.RowsThatFit(CallLimits.MessageBytes, rowOfNode);
        return request.Nodes.Count <= most ? [request] : [.. request.Nodes.Chunk(most).Select(nodes => Under(request, nodes))];
    }

    /// <summary>One answer of the answers to the groups, in their order.</summary>
    public static TileAnswer Join(IReadOnlyList<TileAnswer> answers) => answers.Count == 1
        ? answers[0]
        : new TileAnswer(
            [.. answers.SelectMany(static a => a.Partials)],
            answers.Sum(static a => a.PositionsCounted),
            [.. answers.SelectMany(static a => a.NotHere).Distinct()]);

    private static TileRequest Under(TileRequest request, TreeNode[] nodes)
    {
        PositionRange held = new(nodes[0].Positions.Start, nodes[^1].Positions.End);
        return request with
        {
            Nodes = nodes,
            Shards = [.. request.Shards.Where(s => (long)s.Shard.Id.Index * request.Spec.ShardLength is long at && at >= held.Start && at < held.End)],
        };
    }
}
