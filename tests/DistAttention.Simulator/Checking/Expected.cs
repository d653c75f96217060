using DistAttention.Kernels;
using DistAttention.Simulator.Clients;
using DistAttention.Testing;

namespace DistAttention.Simulator.Checking;

/// <summary>What a query must be answered, bit by bit: the kernels run over the rows themselves, without the engine.</summary>
internal sealed class Expected : IDisposable
{
    private const int RootLevel = 20;

    private readonly KernelScratch _scratch = new();
    private readonly List<(Content Content, PackedSequence Packed)> _packed = [];

    /// <summary>o and lse of a query over the first positions of a content.</summary>
    public (float[] O, float[] Lse) Of(Content content, long length, float[] q, int rows, AttentionMask mask)
    {
        PackedSequence packed = Packed(content);
        SequenceSpec spec = Workload.Spec;
        long first = length - rows;
        QueryTile tile = new(q, rows, spec.NumHeadsQ, first, CompiledScore.Compile(ScoreFunction.ScaledDot, spec), CompiledMask.Compile(mask));
        PartialBuffer root = new(rows, spec.NumHeadsQ, spec.HeadDimV);
        if (length > 0)
        {
            AttentionKernel.ComputeNode(packed.View(length: length), 0, tile, 0, rows, 0, RootLevel, root.Span, _scratch, CancellationToken.None);
        }

        float[] o = new float[rows * spec.NumHeadsQ * spec.HeadDimV];
        float[] lse = new float[rows * spec.NumHeadsQ];
        PartialMerge.Finish(root.Span, o, lse);
        return (o, lse);
    }

    /// <summary>Forgets what was packed.</summary>
    public void Clear()
    {
        foreach ((_, PackedSequence packed) in _packed)
        {
            packed.Dispose();
        }

        _packed.Clear();
    }

    public void Dispose()
    {
        Clear();
        _scratch.Dispose();
    }

    /// <summary>Contents that one append only made longer share their packed rows.</summary>
    private PackedSequence Packed(Content content)
    {
        for (int i = 0; i < _packed.Count; i++)
        {
            (Content known, PackedSequence rows) = _packed[i];
            int shared = Math.Min(known.Segments.Count, content.Segments.Count);
            if (!known.Segments.Take(shared).SequenceEqual(content.Segments.Take(shared)))
            {
                continue;
            }

            if (content.Segments.Count > shared)
            {
                Append(rows, content.Segments.Skip(shared));
                _packed[i] = (content, rows);
            }

            return rows;
        }

        PackedSequence packed = new(KvLayout.Of(Workload.Spec));
        Append(packed, content.Segments);
        _packed.Add((content, packed));
        return packed;
    }

    private static void Append(PackedSequence packed, IEnumerable<Segment> segments)
    {
        foreach (Segment segment in segments)
        {
            (float[] k, float[] v) = Workload.RowsOf(segment.Operation, segment.First, segment.Count);
            packed.Append(k, v);
        }
    }
}
