using DistAttention.Contracts.Tls;
using DistAttention.Silo.Admin.Health;
using DistAttention.Silo.Tests.Security;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;

namespace DistAttention.Silo.Tests.Admin;

/// <summary>What an orchestrator is told in every phase of a silo's life.</summary>
public sealed class HealthTests
{
    private static readonly TimeSpan _patience = TimeSpan.FromSeconds(20);

    [Fact]
    public async Task SaysWhatPhaseTheSiloIsIn()
    {
        Phases phases = new();
        Maintenance maintenance = new();
        await using AdminSilo silo = AdminSilo.Build(services => services.AddSingleton<IHostedService>(phases).AddSingleton<IReadinessCondition>(maintenance));

        Task starting = silo.Host.StartAsync();
        await phases.Starting.Task.WaitAsync(_patience);
        Assert.Equal((503, "starting\n"), await silo.GetAsync(HealthEndpoints.Startup));
        Assert.Equal((503, "starting\n"), await silo.GetAsync(HealthEndpoints.Ready));
        Assert.Equal((200, "ok\n"), await silo.GetAsync(HealthEndpoints.Live));

        phases.GoOn.SetResult();
        await starting.WaitAsync(_patience);
        Assert.Equal((200, "ok\n"), await silo.GetAsync(HealthEndpoints.Startup));
        Assert.Equal((200, "ok\n"), await silo.GetAsync(HealthEndpoints.Ready));
        Assert.Equal((200, "ok\n"), await silo.GetAsync(HealthEndpoints.Live));

        maintenance.Problem = "draining";
        Assert.Equal((503, "draining\n"), await silo.GetAsync(HealthEndpoints.Ready));
        Assert.Equal((200, "ok\n"), await silo.GetAsync(HealthEndpoints.Live));

        Task stopping = silo.Host.StopAsync();
        await phases.Stopping.Task.WaitAsync(_patience);
        Assert.Equal((503, "stopping\n"), await silo.GetAsync(HealthEndpoints.Ready));
        Assert.Equal((200, "ok\n"), await silo.GetAsync(HealthEndpoints.Startup));
        Assert.Equal((200, "ok\n"), await silo.GetAsync(HealthEndpoints.Live));
        phases.Leave.SetResult();
        await stopping.WaitAsync(_patience);
        await Assert.ThrowsAsync<HttpRequestException>(() => silo.GetAsync(HealthEndpoints.Live));
    }

    [Fact]
    public async Task SpeaksHttpsWithTheSilosCertificateAndAsksNobodyForOne()
    {
        using TestFolder folder = new();
        using TestAuthority authority = new(folder.Path, "authority");
        TlsSettings tls = authority.Issue("silo", "silos.test");
        await using AdminSilo silo = await AdminSilo.StartAsync(null, "--tls-cert", tls.CertificateFile!, "--tls-key", tls.KeyFile!, "--tls-ca", authority.CaFile, "--tls-silo-name", "silos.test");
        Assert.Equal((200, "ok\n"), await silo.GetAsync(HealthEndpoints.Ready));
    }

    [Fact]
    public async Task NothingElseIsThere()
    {
        await using AdminSilo silo = await AdminSilo.StartAsync();
        Assert.Equal(404, (await silo.GetAsync("/healthz")).Status);
        using HttpResponseMessage posted = await silo.Http.PostAsync(HealthEndpoints.Live, null);
        Assert.Equal(405, (int)posted.StatusCode);
    }

    /// <summary>Holds the start, and the stop, of the silo where a test looks at it.</summary>
    private sealed class Phases : IHostedService
    {
        public TaskCompletionSource Starting { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public TaskCompletionSource GoOn { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public TaskCompletionSource Stopping { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public TaskCompletionSource Leave { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public Task StartAsync(CancellationToken cancellationToken)
        {
            Starting.SetResult();
            return GoOn.Task;
        }

        public Task StopAsync(CancellationToken cancellationToken)
        {
            Stopping.TrySetResult(); // the test stops the host, and so does its end
            return Leave.Task;
        }
    }

    private sealed class Maintenance : IReadinessCondition
    {
        public string? Problem { get; set; }
    }
}
