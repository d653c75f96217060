using System.Runtime.CompilerServices;

namespace DistAttention.Kernels;

/// <summary>Chooses how each mask is evaluated, and remembers it for as long as the mask lives.</summary>
internal static class MaskCompiler
{
    private static readonly ConditionalWeakTable<AttentionMask, CompiledMask> _compiled = [];

    public static CompiledMask Compile(AttentionMask mask) => mask switch
    {
        null => throw new ArgumentNullException(nameof(mask)),
        FullMask => CompiledFullMask.Instance,
        CausalMask => CompiledBandMask.Causal,
        _ => _compiled.GetValue(mask, Make),
    };

    private static CompiledMask Make(AttentionMask mask) => mask switch
    {
        SlidingWindowMask window => new CompiledBandMask(-window.Left ?? CompiledBandMask.NoLower, window.Right ?? CompiledBandMask.NoUpper),
        ChunkMask chunk => new CompiledChunkMask(chunk),
        DilatedMask dilated => new CompiledDilatedMask(dilated.Stride, dilated.Offset),
        KeySetMask keys => new CompiledKeySetMask(keys.Keys),
        QuerySetMask queries => new CompiledQuerySetMask(queries.Queries),
        RandomBlocksMask random => new CompiledRandomBlocksMask(random),
        ImageMask image => new CompiledImageMask(image),
        SegmentsMask segments => new CompiledSegmentsMask(segments),
        GraphMask graph => new CompiledGraphMask(graph),
        BlockSparseMask blocks => new CompiledBlockSparseMask(blocks),
        BitMask bits => new CompiledBitMask(bits),
        ComposedMask composed => Compile(composed.Expansion),
        ComplementMask complement => CompiledComplementMask.Of(Compile(complement.Mask)),
        IntersectionMask all => CompiledIntersectionMask.Of([.. all.Masks.Select(Compile)]),
        UnionMask any => CompiledUnionMask.Of([.. any.Masks.Select(Compile)]),
        _ => throw new NotSupportedException($"No kernel evaluates the mask '{mask}'."),
    };
}
