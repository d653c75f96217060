using DistAttention.Http;
using DistAttention.Http.Problems;
using DistAttention.Http.Routes;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace Microsoft.AspNetCore.Builder;

/// <summary>Puts the HTTP API into a host.</summary>
public static class AttentionHttpExtensions
{
    private const string Root = "/v1";

    /// <summary>Serves the API under <c>/v1</c>.</summary>
    /// <param name="app">The host.</param>
    /// <param name="access">Tells callers apart.</param>
    /// <param name="options">What a request may have; null for the defaults.</param>
    public static void MapAttentionApi(this WebApplication app, ICallerAccess access, AttentionHttpOptions? options = null)
    {
        ArgumentNullException.ThrowIfNull(app);
        ArgumentNullException.ThrowIfNull(access);
        options ??= new AttentionHttpOptions();
        options.Validate();
        RouteRunner runner = new(access, options, app.Services.GetRequiredService<ILogger<RouteRunner>>());
        app.UseWhen(static context => context.Request.Path.StartsWithSegments(Root), static api => api.Use(ExplainEmptyErrorsAsync));
        foreach (ApiRoute route in ApiRoutes.All)
        {
            app.MapMethods(route.Pattern, route.Methods, context => runner.RunAsync(context, route)).WithMetadata(route);
        }
    }

    /// <summary>What the API asks of a server: room for masks in the address. Limits of bodies are set per request.</summary>
    /// <param name="limits">The server's limits.</param>
    public static void ForAttentionApi(this KestrelServerLimits limits)
    {
        ArgumentNullException.ThrowIfNull(limits);
        limits.MaxRequestLineSize = 32 * 1024;
    }

    /// <summary>Answers of the router have a status and nothing else.</summary>
    private static async Task ExplainEmptyErrorsAsync(HttpContext context, RequestDelegate next)
    {
        await next(context).ConfigureAwait(false);
        HttpResponse response = context.Response;
        if (response.HasStarted || response.ContentLength is not null || response.ContentType is not null)
        {
            return;
        }

        Problem? problem = response.StatusCode switch
        {
            StatusCodes.Status404NotFound => new Problem(ProblemKinds.NoSuchRoute, $"There is nothing at {context.Request.Path}; /v1/openapi.json lists what there is."),
            StatusCodes.Status405MethodNotAllowed => new Problem(ProblemKinds.MethodNotAllowed, $"{context.Request.Path} does not have {context.Request.Method}, but {response.Headers.Allow}."),
            _ => null,
        };
        if (problem is not null)
        {
            await ProblemWriting.WriteAsync(context, problem).ConfigureAwait(false);
        }
    }
}
