using DistAttention.Http.Calls;
using DistAttention.Http.Parameters;
using DistAttention.Http.Problems;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.Extensions.Logging;

namespace DistAttention.Http.Routes;

/// <summary>Runs the handler of a route for one request, and turns every ending into an answer.</summary>
internal sealed partial class RouteRunner(ICallerAccess access, AttentionHttpOptions options, ILogger<RouteRunner> log)
{
    public async Task RunAsync(HttpContext context, ApiRoute route)
    {
        try
        {
            Prepare(context, route);
            ParameterValues values = new(context.Request, route.Parameters);
            IAttentionClient? client = route.IsOpen ? null : await access.ClientOfAsync(context).ConfigureAwait(false);
            ApiCall call = new(context, options, values, client);
            if (route.Answer is BodyKind.Json)
            {
                call.RequireJsonAccepted();
            }

            await route.Handler(call).ConfigureAwait(false);
        }
        catch (Exception error) when (context.RequestAborted.IsCancellationRequested || error is ConnectionResetException)
        {
            LogHungUp(log, route.OperationId);
        }
        catch (Exception error) when (context.Response.HasStarted)
        {
            LogCutOff(log, error, route.OperationId);
            context.Abort(); // the answer's length was said: what is missing of it tells the caller
        }
        catch (Exception error)
        {
            await FailAsync(context, route, error).ConfigureAwait(false);
        }
    }

    private void Prepare(HttpContext context, ApiRoute route)
    {
        context.Response.Headers.XContentTypeOptions = "nosniff";
        if (context.Features.Get<IHttpMaxRequestBodySizeFeature>() is { IsReadOnly: false } limit)
        {
            limit.MaxRequestBodySize = route.Request switch
            {
                BodyKind.None => 0,
                BodyKind.Json or BodyKind.OptionalJson => options.MaxJsonBytes,
                _ => options.MaxBodyBytes,
            };
        }

        if (context.Request.Headers.ContentEncoding is { Count: > 0 } encoding && encoding != "identity")
        {
            throw new HttpProblemException(new Problem(ProblemKinds.UnsupportedMediaType, $"the body is encoded as '{encoding}'; no encoding is read here") { Headers = [("Accept-Encoding", "identity")] });
        }
    }

    private async Task FailAsync(HttpContext context, ApiRoute route, Exception error)
    {
        Problem problem = ProblemMap.Of(error);
        if (problem.Kind.Status >= StatusCodes.Status500InternalServerError && problem.RetryAfter is null)
        {
            LogFailed(log, error, route.OperationId, problem.Kind.Name);
        }

        try
        {
            await ProblemWriting.WriteAsync(context, problem).ConfigureAwait(false);
        }
        catch (Exception writing) when (writing is OperationCanceledException or IOException)
        {
            LogHungUp(log, route.OperationId);
        }
    }
}
