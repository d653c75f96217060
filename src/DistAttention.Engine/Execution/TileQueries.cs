using DistAttention.Kernels;

namespace DistAttention.Engine.Execution;

/// <summary>A request's rows as kernels take them.</summary>
internal static class TileQueries
{
    public static QueryTile Of(TileRequest request, CompiledScore score, CompiledMask mask) =>
        new(request.Q.Span, request.Rows, request.Spec.NumHeadsQ, request.FirstQueryPosition, score, mask);
}
