using System.Text.Json;
using DistAttention.Silo.Admin.Access;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.Hosting;

namespace DistAttention.Silo.Admin.Dashboard;

/// <summary>The dashboard: a page, what it is made of, and what it asks for. Everything that says something about the cluster is for those with a token.</summary>
internal sealed class DashboardEndpoints(AdminAccess access, AdminOptions options, ClusterWatch watch, Probe probe, SiloIdentity self)
{
    /// <summary>How often a stream that has nothing to say says so, that proxies keep it and browsers notice its end.</summary>
    private static readonly TimeSpan _heartbeat = TimeSpan.FromSeconds(10);

    public void Map(WebApplication app)
    {
        CancellationToken stopping = app.Services.GetService(typeof(IHostApplicationLifetime)) is IHostApplicationLifetime lifetime ? lifetime.ApplicationStopping : default;
        app.MapGet("/", PageAsync);
        app.MapGet("/login", static context => DashboardAssets.SendAsync(context, "login.html"));
        app.MapPost("/login", LogInAsync);
        app.MapPost("/logout", LogOut);
        app.MapGet("/assets/{name}", static context => DashboardAssets.SendAsync(context, (string)context.Request.RouteValues["name"]!));
        app.MapGet("/api/self", context => GuardedAsync(context, () => AnswerAsync(context, new { self.Name, self.Cluster, OrleansDashboard = options.OrleansDashboardUrl })));
        app.MapGet("/api/stream", context => GuardedAsync(context, () => StreamAsync(context, stopping)));
        app.MapPost("/api/explain", context => GuardedAsync(context, () => ProbeAsync(context, probe.ExplainAsync)));
        app.MapPost("/api/mass", context => GuardedAsync(context, () => ProbeAsync(context, probe.MassAsync)));
    }

    private Task PageAsync(HttpContext context)
    {
        if (!access.IsPossible)
        {
            context.Response.StatusCode = StatusCodes.Status403Forbidden;
            return DashboardAssets.SendAsync(context, "closed.html");
        }

        if (!access.IsAllowed(context))
        {
            context.Response.Redirect("/login");
            return Task.CompletedTask;
        }

        return DashboardAssets.SendAsync(context, "index.html");
    }

    private async Task LogInAsync(HttpContext context)
    {
        IFormCollection form = await context.Request.ReadFormAsync(context.RequestAborted);
        context.Response.Redirect(access.LogIn(context, form["token"]) ? "/" : "/login?wrong");
        context.Response.StatusCode = StatusCodes.Status303SeeOther;
    }

    private Task LogOut(HttpContext context)
    {
        access.LogOut(context);
        context.Response.Redirect("/login");
        context.Response.StatusCode = StatusCodes.Status303SeeOther;
        return Task.CompletedTask;
    }

    private Task GuardedAsync(HttpContext context, Func<Task> answer)
    {
        if (access.IsAllowed(context))
        {
            context.Response.Headers.CacheControl = "no-store";
            return answer();
        }

        context.Response.StatusCode = StatusCodes.Status401Unauthorized;
        context.Response.Headers.WWWAuthenticate = "Bearer";
        return Task.CompletedTask;
    }

    private async Task StreamAsync(HttpContext context, CancellationToken stopping)
    {
        using CancellationTokenSource end = CancellationTokenSource.CreateLinkedTokenSource(context.RequestAborted, stopping);
        context.Response.ContentType = "text/event-stream";
        context.Response.Headers["X-Accel-Buffering"] = "no";
        await context.Response.WriteAsync("retry: 2000\n\n", end.Token);
        await context.Response.Body.FlushAsync(end.Token);
        try
        {
            await using IAsyncEnumerator<WatchEvent> seen = watch.WatchAsync(end.Token).GetAsyncEnumerator(end.Token);
            Task<bool> next = seen.MoveNextAsync().AsTask();
            while (true)
            {
                string text = await Task.WhenAny(next, Task.Delay(_heartbeat, end.Token)) != next ? ": nothing new\n\n"
                    : await next ? $"event: {seen.Current.Kind}\ndata: {seen.Current.Json}\n\n"
                    : "";
                await context.Response.WriteAsync(text, end.Token);
                await context.Response.Body.FlushAsync(end.Token);
                next = next.IsCompleted ? seen.MoveNextAsync().AsTask() : next;
            }
        }
        catch (OperationCanceledException) when (end.IsCancellationRequested)
        {
            // The browser has gone, or the silo goes.
        }
    }

    private static async Task ProbeAsync(HttpContext context, Func<ProbeRequest, CancellationToken, Task<object>> run)
    {
        try
        {
            if (!context.Request.HasJsonContentType())
            {
                context.Response.StatusCode = StatusCodes.Status415UnsupportedMediaType;
                return;
            }

            ProbeRequest? request = await JsonSerializer.DeserializeAsync<ProbeRequest>(context.Request.Body, DashboardJson.Options, context.RequestAborted);
            await AnswerAsync(context, await run(request ?? new ProbeRequest(), context.RequestAborted));
        }
        catch (Exception e) when (e is DistAttentionException or ArgumentException or FormatException or JsonException)
        {
            context.Response.StatusCode = e is DistAttentionException { IsTransient: true } ? StatusCodes.Status503ServiceUnavailable : StatusCodes.Status400BadRequest;
            await AnswerAsync(context, new { Error = e.Message });
        }
    }

    private static Task AnswerAsync(HttpContext context, object answer)
    {
        context.Response.ContentType = "application/json; charset=utf-8";
        return JsonSerializer.SerializeAsync(context.Response.Body, answer, DashboardJson.Options, context.RequestAborted);
    }
}
