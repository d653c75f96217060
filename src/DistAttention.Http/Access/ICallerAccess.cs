using Microsoft.AspNetCore.Http;

namespace DistAttention.Http;

/// <summary>Tells who makes a request, and as whom the engine is then called. The seam between HTTP and whatever keeps tokens.</summary>
public interface ICallerAccess
{
    /// <summary>The client that acts on behalf of the request's caller, and of nobody else.</summary>
    /// <param name="context">The request; its bearer token is <see cref="BearerToken.Of"/>.</param>
    /// <exception cref="NotAuthenticatedException">The request shows no token, or one that is not known.</exception>
    ValueTask<IAttentionClient> ClientOfAsync(HttpContext context);
}

/// <summary>A request shows no token where one is needed, or one that is not known.</summary>
/// <param name="reason">Why; names no secret.</param>
/// <param name="showedToken">Whether there was a token.</param>
public sealed class NotAuthenticatedException(string reason, bool showedToken) : DistAttentionException($"Not authenticated: {reason}.")
{
    /// <summary>Whether there was a token.</summary>
    public bool ShowedToken { get; } = showedToken;
}
