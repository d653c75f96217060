using DistAttention.Kernels;

namespace DistAttention.Engine.Execution;

/// <summary>A request's rows as kernels take them.</summary>
internal static class TileQueries
{
    public static QueryTile Of(TileRequest request, CompiledMask mask)
    {
        float scale = request.Score.EffectiveScale(request.Spec.HeadDim);
        return new QueryTile(request.Q.Span, request.Rows, request.Spec.NumHeadsQ, request.FirstQueryPosition, QueryTile.ToScaleLog2(scale), mask);
    }
}
