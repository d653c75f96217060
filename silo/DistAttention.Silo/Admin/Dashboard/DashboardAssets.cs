using System.Reflection;
using Microsoft.AspNetCore.Http;

namespace DistAttention.Silo.Admin.Dashboard;

/// <summary>The files of the dashboard, which lie inside the program.</summary>
internal static class DashboardAssets
{
    private const string Prefix = "dashboard/";

    private static readonly Assembly _assembly = typeof(DashboardAssets).Assembly;

    /// <summary>Sends a file; 404 if there is none of that name.</summary>
    public static async Task SendAsync(HttpContext context, string name)
    {
        await using Stream? file = _assembly.GetManifestResourceStream(Prefix + name);
        if (file is null)
        {
            context.Response.StatusCode = StatusCodes.Status404NotFound;
            return;
        }

        context.Response.ContentType = TypeOf(name);
        context.Response.Headers.CacheControl = "no-cache";
        await file.CopyToAsync(context.Response.Body, context.RequestAborted);
    }

    private static string TypeOf(string name) => Path.GetExtension(name) switch
    {
        ".html" => "text/html; charset=utf-8",
        ".css" => "text/css; charset=utf-8",
        ".js" => "text/javascript; charset=utf-8",
        ".svg" => "image/svg+xml",
        _ => "application/octet-stream",
    };
}
