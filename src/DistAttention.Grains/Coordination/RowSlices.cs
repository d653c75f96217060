using System.Collections;
using System.Runtime.InteropServices;
using DistAttention.Contracts;
using DistAttention.Engine.Execution;
using DistAttention.Engine.Planning;
using DistAttention.Kernels;

namespace DistAttention.Grains;

/// <summary>A tile's rows in slices whose answers fit a message, and those answers put together again.</summary>
internal sealed class RowSlices(int rows, int rowsPerSlice) : IEnumerable<(int First, int Count)>
{
    public IEnumerator<(int First, int Count)> GetEnumerator()
    {
        for (int first = 0; first < rows; first += rowsPerSlice)
        {
            yield return (first, Math.Min(rowsPerSlice, rows - first));
        }
    }

    IEnumerator IEnumerable.GetEnumerator() => GetEnumerator();

    /// <summary>The answer to the whole tile. Its nodes and counts are those of the first slice that differs from what was asked, if one does.</summary>
    public TileAnswer Join(TileRequest request, TileReply[] replies)
    {
        TileReply example = replies.FirstOrDefault(r => r.PositionsCounted != replies[0].PositionsCounted || !r.Nodes.SequenceEqual(replies[0].Nodes)) ?? replies[0];
        if (!replies.All(r => r.Nodes.SequenceEqual(example.Nodes) && r.Partials.Length == r.Nodes.Length))
        {
            return new TileAnswer([], -1, []);
        }

        int heads = request.Spec.NumHeadsQ;
        int headDimV = request.Spec.HeadDimV;
        NodePartial[] partials = new NodePartial[example.Nodes.Length];
        for (int n = 0; n < partials.Length; n++)
        {
            TensorPayload[] slices = [.. replies.Select(r => r.Partials[n])];
            PooledPartial joined = slices.Length == 1 ? Received(slices[0], heads, headDimV) : Joined(slices, heads, headDimV);
            partials[n] = new NodePartial(new TreeNode(example.Nodes[n].Level, example.Nodes[n].Index), joined);
        }

        return new TileAnswer(partials, example.PositionsCounted, []);
    }

    /// <summary>The second pass's answer to the whole tile.</summary>
    public MassAnswer Join(MassRequest request, TileMassReply[] replies)
    {
        MassBuffer joined = request.NewMass();
        MassSpan mass = joined.Span;
        int heads = request.Tile.Spec.NumHeadsQ;
        foreach (((int first, int count), TileMassReply reply) in this.Zip(replies))
        {
            int bins = heads * request.Bins;
            int tops = heads * request.TopK;
            MemoryMarshal.Cast<long, ulong>(reply.Bins.Longs("bins", count * bins).Span).CopyTo(mass.Bins[(first * bins)..]);
            reply.TopPositions.Longs("positions", count * tops).Span.CopyTo(mass.TopPositions[(first * tops)..]);
            reply.TopWeights.Floats("weights", count * tops).Span.CopyTo(mass.TopWeights[(first * tops)..]);
        }

        long counted = replies.All(r => r.PositionsCounted == replies[0].PositionsCounted) ? replies[0].PositionsCounted : -1;
        return new MassAnswer(joined, counted, []);
    }

    /// <summary>A partial that came in one piece stays where the transport has put it.</summary>
    private PooledPartial Received(TensorPayload payload, int heads, int headDimV)
    {
        payload.Floats("a partial", PooledPartial.LengthOf(rows, heads, headDimV));
        return payload.TakeRented() is { } rented ? PooledPartial.OfRented(rented, rows, heads, headDimV) : Joined([payload], heads, headDimV);
    }

    private PooledPartial Joined(TensorPayload[] slices, int heads, int headDimV)
    {
        PooledPartial joined = PooledPartial.Uninitialized(rows, heads, headDimV);
        foreach (((int first, int count), TensorPayload payload) in this.Zip(slices))
        {
            Copy(payload.Floats("a partial", PooledPartial.LengthOf(count, heads, headDimV)).Span, joined.Span.Slice(first, count), count * heads);
            payload.Dispose();
        }

        return joined;
    }

    private static void Copy(ReadOnlySpan<float> from, PartialSpan to, int cells)
    {
        from[..cells].CopyTo(to.MaxLog2);
        from.Slice(cells, cells).CopyTo(to.Sum);
        from[(2 * cells)..].CopyTo(to.Output);
    }
}
