using System.Collections.Concurrent;
using System.Security.Cryptography;
using Microsoft.AspNetCore.Http;

namespace DistAttention.Silo.Admin.Access;

/// <summary>
/// Who sees the dashboard: whoever shows a token with <c>Authorization: Bearer</c>, or has shown it once and has the cookie of that. The cookie is a
/// random number that only this silo knows; scripts cannot read it, and no other site's page can have it sent.
/// </summary>
internal sealed class AdminAccess(AdminTokens tokens, AdminOptions options, TimeProvider time)
{
    private const int MaxSessions = 1024;
    private const string Scheme = "Bearer ";
    private static readonly TimeSpan _sessionTime = TimeSpan.FromHours(12);

    private readonly ConcurrentDictionary<string, DateTimeOffset> _sessions = new(StringComparer.Ordinal); // until when

    /// <summary>Whether anybody can get in.</summary>
    public bool IsPossible => tokens.IsAnyKnown;

    /// <summary>Cookies do not tell ports apart, and silos of one machine differ by nothing else.</summary>
    private string CookieName => $"distattention-{options.Port}";

    public bool IsAllowed(HttpContext context)
    {
        string authorization = context.Request.Headers.Authorization.ToString();
        if (authorization.StartsWith(Scheme, StringComparison.OrdinalIgnoreCase))
        {
            return tokens.Accepts(authorization[Scheme.Length..].Trim());
        }

        return context.Request.Cookies.TryGetValue(CookieName, out string? session)
            && _sessions.TryGetValue(session, out DateTimeOffset until)
            && until > time.GetUtcNow();
    }

    /// <summary>Lets a browser in that shows a token.</summary>
    public bool LogIn(HttpContext context, string? token)
    {
        if (!tokens.Accepts(token?.Trim()))
        {
            return false;
        }

        Forget();
        string session = Convert.ToHexString(RandomNumberGenerator.GetBytes(32));
        _sessions[session] = time.GetUtcNow() + _sessionTime;
        context.Response.Cookies.Append(CookieName, session, CookieOf(context, _sessionTime));
        return true;
    }

    public void LogOut(HttpContext context)
    {
        if (context.Request.Cookies.TryGetValue(CookieName, out string? session))
        {
            _sessions.TryRemove(session, out _);
        }

        context.Response.Cookies.Delete(CookieName, CookieOf(context, maxAge: null));
    }

    private static CookieOptions CookieOf(HttpContext context, TimeSpan? maxAge) => new()
    {
        HttpOnly = true,
        IsEssential = true,
        MaxAge = maxAge,
        Path = "/",
        SameSite = SameSiteMode.Strict,
        Secure = context.Request.IsHttps,
    };

    private void Forget()
    {
        foreach ((string session, DateTimeOffset until) in _sessions)
        {
            if (until <= time.GetUtcNow() || _sessions.Count >= MaxSessions)
            {
                _sessions.TryRemove(session, out _);
            }
        }
    }
}
