using System.Net;
using System.Net.Http.Headers;
using DistAttention.Contracts.Access;
using DistAttention.Silo.Tests.Security;

namespace DistAttention.Silo.Tests.Admin;

/// <summary>Who sees what on the admin port.</summary>
public sealed class AccessTests
{
    [Fact]
    public async Task TheDashboardIsForThoseWithTheToken()
    {
        using TestFolder folder = new();
        string file = Path.Combine(folder.Path, "token");
        File.WriteAllText(file, AdminSilo.Token + "\n");
        await using AdminSilo silo = await AdminSilo.StartAsync(null, "--admin-token-file", file);
        foreach (string path in (string[])["/api/self", "/api/stream"])
        {
            Assert.Equal(401, (await silo.GetAsync(path)).Status);
        }

        using (HttpResponseMessage page = await silo.Http.GetAsync("/"))
        {
            Assert.Equal((HttpStatusCode.Redirect, "/login"), (page.StatusCode, page.Headers.Location!.ToString()));
            Assert.StartsWith("default-src 'none'; script-src 'self';", page.Headers.GetValues("Content-Security-Policy").Single(), StringComparison.Ordinal);
            Assert.Equal("nosniff", page.Headers.GetValues("X-Content-Type-Options").Single());
        }

        Assert.Equal(401, (await PostAsync(silo, "/api/explain", "{}")).Status);
        Assert.Equal(200, (await silo.GetAsync("/api/self", silo.Authorized)).Status);
        Assert.Equal(200, (await silo.GetAsync("/assets/style.css")).Status);
        Assert.Equal(404, (await silo.GetAsync("/assets/..%2f..%2fappsettings.json")).Status);

        Assert.Equal(("/login?wrong", null), await LogInAsync(silo, "something else altogether"));
        (string to, string? cookie) = await LogInAsync(silo, AdminSilo.Token);
        Assert.Equal("/", to);
        Assert.Contains("httponly", cookie!, StringComparison.OrdinalIgnoreCase);
        Assert.Contains("samesite=strict", cookie!, StringComparison.OrdinalIgnoreCase);
        Assert.DoesNotContain(AdminSilo.Token, cookie!, StringComparison.Ordinal);
        Assert.Equal(200, await WithCookieAsync(silo, HttpMethod.Get, "/", cookie!));
        Assert.Equal(200, await WithCookieAsync(silo, HttpMethod.Get, "/api/self", cookie!));
        Assert.Equal(303, await WithCookieAsync(silo, HttpMethod.Post, "/logout", cookie!));
        Assert.Equal(401, await WithCookieAsync(silo, HttpMethod.Get, "/api/self", cookie!));

        // The file is read again: a token can be changed without a restart.
        File.WriteAllText(file, "a newer secret of the tests\n");
        Assert.Equal(401, (await silo.GetAsync("/api/self", silo.Authorized)).Status);
        File.Delete(file);
        Assert.Equal(403, (await silo.GetAsync("/")).Status);
    }

    [Fact]
    public async Task WithoutATokenTheDashboardIsClosedAndHealthAndMetricsAreNot()
    {
        await using AdminSilo silo = await AdminSilo.StartAsync();
        (int status, string page) = await silo.GetAsync("/");
        Assert.Equal(403, status);
        Assert.Contains("--admin-token-file", page, StringComparison.Ordinal);
        Assert.Equal("/login?wrong", (await LogInAsync(silo, "")).To);
        (int open, string metrics) = await silo.GetAsync("/metrics");
        Assert.Equal(200, open);
        Assert.Contains("\ndistattention_kv_limit_bytes 64000000\n", metrics, StringComparison.Ordinal);
        Assert.Contains("\ndistattention_failovers_total 0\n", metrics, StringComparison.Ordinal);
        Assert.Contains("\ndistattention_attend_duration_seconds_bucket{le=\"+Inf\"} 0\n", metrics, StringComparison.Ordinal);
        Assert.Contains("\n# TYPE dotnet_gc_collections_total counter\n", metrics, StringComparison.Ordinal);
    }

    [Fact]
    public async Task NoTokenOfATenantOpensIt()
    {
        ApiToken admin = SecureCluster.NewToken("ops");
        await using AdminSilo silo = await AdminSilo.StartAsync(
            null,
            "--Access:ClusterKey", Convert.ToBase64String(new byte[32]), "--Access:Tokens:0:Tenant", "ops", "--Access:Tokens:0:Sha256", Convert.ToHexString(admin.Hash()), "--Access:Tokens:0:Rights", "Read, Admin",
            "--Admin:Token", AdminSilo.Token, "--Admin:MetricsNeedToken", "true");
        Assert.Equal(401, await StatusAsync(silo, "/api/self", admin.Text!));
        Assert.Equal(401, await StatusAsync(silo, "/metrics", admin.Text!));
        Assert.Equal(200, await StatusAsync(silo, "/api/self", AdminSilo.Token));
        Assert.Equal(200, await StatusAsync(silo, "/metrics", AdminSilo.Token));
        Assert.Equal(401, (await silo.GetAsync("/metrics")).Status);
        Assert.Equal(200, (await silo.GetAsync("/healthz/live")).Status);
    }

    private static async Task<int> StatusAsync(AdminSilo silo, string path, string token)
    {
        using HttpRequestMessage request = new(HttpMethod.Get, path) { Headers = { Authorization = new AuthenticationHeaderValue("Bearer", token) } };
        using HttpResponseMessage answer = await silo.Http.SendAsync(request);
        return (int)answer.StatusCode;
    }

    private static async Task<int> WithCookieAsync(AdminSilo silo, HttpMethod method, string path, string cookie)
    {
        using HttpRequestMessage request = new(method, path) { Headers = { { "Cookie", cookie.Split(';')[0] } } };
        using HttpResponseMessage answer = await silo.Http.SendAsync(request);
        return (int)answer.StatusCode;
    }

    private static async Task<(string To, string? Cookie)> LogInAsync(AdminSilo silo, string token)
    {
        using FormUrlEncodedContent form = new([new("token", token)]);
        using HttpResponseMessage answer = await silo.Http.PostAsync("/login", form);
        Assert.Equal(HttpStatusCode.SeeOther, answer.StatusCode);
        return (answer.Headers.Location!.ToString(), answer.Headers.TryGetValues("Set-Cookie", out IEnumerable<string>? set) ? set.Single() : null);
    }

    private static async Task<(int Status, string Body)> PostAsync(AdminSilo silo, string path, string json)
    {
        using StringContent body = new(json, System.Text.Encoding.UTF8, "application/json");
        using HttpResponseMessage answer = await silo.Http.PostAsync(path, body);
        return ((int)answer.StatusCode, await answer.Content.ReadAsStringAsync());
    }
}
