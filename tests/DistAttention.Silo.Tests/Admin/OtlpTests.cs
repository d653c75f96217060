using System.Collections.Concurrent;
using System.Diagnostics;
using System.Text;
using DistAttention.Silo.Tests.Cluster;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;

namespace DistAttention.Silo.Tests.Admin;

/// <summary>A collector gets metrics and traces of a silo that is told where it is.</summary>
public sealed class OtlpTests
{
    [Fact]
    public async Task SendsMetricsAndTracesToACollector()
    {
        ConcurrentDictionary<string, string> got = new();
        int port = FreePort.Next();
        WebApplicationBuilder builder = WebApplication.CreateSlimBuilder();
        builder.WebHost.UseUrls($"http://127.0.0.1:{port}");
        await using WebApplication collector = builder.Build();
        collector.MapPost("/v1/{kind}", async (HttpContext context, string kind) =>
        {
            using MemoryStream body = new();
            await context.Request.Body.CopyToAsync(body);
            got.AddOrUpdate(kind, Encoding.Latin1.GetString(body.ToArray()), (_, before) => before + Encoding.Latin1.GetString(body.ToArray()));
            Assert.Equal("yes", context.Request.Headers["x-key"].ToString());
        });
        await collector.StartAsync();
        await using (AdminSilo silo = await AdminSilo.StartAsync(
            null,
            "--name", "told", "--Telemetry:OtlpEndpoint", $"http://127.0.0.1:{port}", "--Telemetry:OtlpProtocol", "HttpProtobuf", "--Telemetry:OtlpHeaders", "x-key=yes",
            "--Telemetry:TraceShare", "1", "--Telemetry:MetricsEvery", "00:00:00.5"))
        {
            IAttentionSequence sequence = await silo.Host.Services.GetRequiredService<IAttentionClient>().CreateSequenceAsync("hidden-name", new SequenceSpec { HeadDim = 4 });
            await sequence.AppendAsync(new float[40], new float[40]);
            await sequence.AttendAsync(new float[4]);
            await silo.Host.StopAsync(); // what is left is sent
        }

        foreach (string expected in (string[])["distattention.attend.duration", "distattention.kv.resident", "distattention.attend.rows", "told", "dotnet.gc.collections"])
        {
            Assert.Contains(expected, got["metrics"], StringComparison.Ordinal);
        }

        foreach (string expected in (string[])["distattention.attend", "distattention.append", "distattention.part", "distattention.shard", "told"])
        {
            Assert.Contains(expected, got["traces"], StringComparison.Ordinal);
        }

        Assert.DoesNotContain("hidden-name", got["metrics"] + got["traces"], StringComparison.Ordinal);
    }
}
