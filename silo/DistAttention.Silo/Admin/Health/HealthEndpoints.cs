using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;

namespace DistAttention.Silo.Admin.Health;

/// <summary>What an orchestrator asks. For everybody who reaches the port: 200, or 503 with the reason.</summary>
internal static class HealthEndpoints
{
    /// <summary>Whether the silo has joined the cluster once.</summary>
    public const string Startup = "/healthz/startup";

    /// <summary>Whether it should get calls now.</summary>
    public const string Ready = "/healthz/ready";

    /// <summary>Whether the process is worth keeping.</summary>
    public const string Live = "/healthz/live";

    public static void MapHealth(this IEndpointRouteBuilder routes, SiloHealth health)
    {
        Map(routes, Startup, () => health.StartupProblem);
        Map(routes, Ready, () => health.ReadinessProblem);
        Map(routes, Live, () => health.LivenessProblem);
    }

    private static void Map(IEndpointRouteBuilder routes, string path, Func<string?> problemOf) => routes.MapMethods(path, [HttpMethods.Get, HttpMethods.Head], (HttpContext context) =>
    {
        string? problem = problemOf();
        context.Response.StatusCode = problem is null ? StatusCodes.Status200OK : StatusCodes.Status503ServiceUnavailable;
        context.Response.ContentType = "text/plain; charset=utf-8";
        context.Response.Headers.CacheControl = "no-store";
        return HttpMethods.IsHead(context.Request.Method) ? Task.CompletedTask : context.Response.WriteAsync((problem ?? "ok") + "\n", context.RequestAborted);
    });
}
