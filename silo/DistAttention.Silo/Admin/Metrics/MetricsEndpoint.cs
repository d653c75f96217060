using DistAttention.Silo.Admin.Access;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;

namespace DistAttention.Silo.Admin.Metrics;

/// <summary>What a scraper asks.</summary>
internal static class MetricsEndpoint
{
    public const string Path = "/metrics";

    public static void MapMetrics(this IEndpointRouteBuilder routes, SiloMetrics metrics, AdminOptions options, AdminAccess access) => routes.MapGet(Path, context =>
    {
        if (options.MetricsNeedToken && !access.IsAllowed(context))
        {
            context.Response.StatusCode = StatusCodes.Status401Unauthorized;
            context.Response.Headers.WWWAuthenticate = "Bearer";
            return Task.CompletedTask;
        }

        context.Response.ContentType = PrometheusText.ContentType;
        context.Response.Headers.CacheControl = "no-store";
        return context.Response.WriteAsync(metrics.Text(), context.RequestAborted);
    });
}
