using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Primitives;

namespace DistAttention.Http;

/// <summary>The header <c>Authorization: Bearer TOKEN</c> (RFC 6750).</summary>
public static class BearerToken
{
    private const string Scheme = "Bearer ";

    /// <summary>The token of a request.</summary>
    /// <param name="context">The request.</param>
    /// <exception cref="NotAuthenticatedException">There is none.</exception>
    public static string Of(HttpContext context)
    {
        ArgumentNullException.ThrowIfNull(context);
        StringValues header = context.Request.Headers.Authorization;
        return header is [{ } only] && only.StartsWith(Scheme, StringComparison.OrdinalIgnoreCase) && only.AsSpan(Scheme.Length).Trim() is { IsEmpty: false } token
            ? token.ToString()
            : throw new NotAuthenticatedException(
                header.Count == 0 ? "the request shows no token (Authorization: Bearer …)" : "the request's Authorization is not one bearer token",
                showedToken: header.Count > 0);
    }
}
