using DistAttention.Http.Bodies;
using DistAttention.Http.Parameters;
using DistAttention.Http.Problems;
using DistAttention.Http.Tensors;
using Microsoft.AspNetCore.Http;

namespace DistAttention.Http.Calls;

/// <summary>One request on its way through a handler.</summary>
internal sealed class ApiCall(HttpContext context, AttentionHttpOptions options, ParameterValues values, IAttentionClient? client)
{
    public HttpContext Context => context;

    public AttentionHttpOptions Options => options;

    public ParameterValues Values => values;

    /// <summary>Acts on behalf of the caller.</summary>
    public IAttentionClient Client => client ?? throw new InvalidOperationException("The route is open: it has no caller.");

    /// <summary>The caller has hung up.</summary>
    public CancellationToken Aborted => context.RequestAborted;

    /// <summary>The name in the path. Slashes come as %2F, which the server leaves as it is; a percent sign is in no name.</summary>
    public SequenceId Id => new(values.Text(ApiParameters.Id)!.Replace("%2F", "/", StringComparison.OrdinalIgnoreCase));

    /// <summary>Opens the sequence in the path.</summary>
    public Task<IAttentionSequence> OpenAsync() => Client.OpenSequenceAsync(Id, Aborted);

    /// <summary>Reads the body's tensors.</summary>
    public TensorBodyReader ReadTensors(ITensorFormat format) => format.Read(new BodyBytes(context.Request.BodyReader, context.Request.ContentLength));

    /// <summary>Refuses a caller that cannot take JSON.</summary>
    public void RequireJsonAccepted()
    {
        if (!TensorFormats.Accepts(context.Request, JsonAnswers.MediaType))
        {
            throw HttpProblemException.NotAcceptable($"the answer is {JsonAnswers.MediaType}, which the request does not accept");
        }
    }
}
