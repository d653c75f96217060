using DistAttention.Deploy.Tests.Images;
using DistAttention.Deploy.Tests.Manifests;
using DistAttention.Deploy.Tests.Yaml;
using DistAttention.Testing.Postgres;

namespace DistAttention.Deploy.Tests.Running;

/// <summary>
/// What is rendered runs: the published program, with the rendered command and environment, answers its probes, joins the others by its pod's
/// name and address, and stops when told to.
/// </summary>
[Collection(PublishedCollection.Name)]
public sealed class RenderedSiloTests(Published image, Database database) : IClassFixture<Database>
{
    [PublishedPostgresFact]
    public async Task TwoPodsOfTheStatefulSetAreOneClusterThatKeepsItsRowsInPostgreSql()
    {
        ManifestSet set = Rendered.OfChart("statefulset-postgresql");
        using Node node = new(set, image.Folder, await database.CreateAsync());
        Pod[] pods = [node.Start(), node.Start()];
        foreach (Pod pod in pods)
        {
            await pod.StartedAsync();
            Assert.True(await pod.AnswersAsync("readinessProbe"), pod.Log);
            Assert.True(await pod.AnswersAsync("livenessProbe"), pod.Log);
        }

        string status = await pods[1].ExecuteAsync("cluster", "status", "--cluster", $"{pods[0].Address}:{set.Option("Endpoint:GatewayPort")}", "--json");
        Assert.All(pods, pod => Assert.Contains($"\"{pod.Name}\"", status, StringComparison.Ordinal));
        Assert.All(pods, pod => Assert.Contains($"{pod.Address}:{set.Option("Endpoint:GatewayPort")}", status, StringComparison.Ordinal));
        Assert.Equal(0, await pods[1].TerminateAsync());
        Assert.False(await pods[1].AnswersAsync("livenessProbe"));
        Assert.True(await pods[0].AnswersAsync("readinessProbe"), pods[0].Log);
        Assert.All(pods[1].Log.Split('\n', StringSplitOptions.RemoveEmptyEntries), static line => Assert.StartsWith("{", line, StringComparison.Ordinal)); // JSON, for collectors
        Assert.Contains("\"openapi\"", await pods[0].FindAsync("http", "/v1/openapi.json"), StringComparison.Ordinal);
        AlertsTests.RequireMetrics(await pods[0].FindAsync("admin", "/metrics") ?? "");
    }

    [PublishedPostgresFact]
    public async Task APodOfTheDeploymentKeepsItsRowsInTheSharedVolume()
    {
        ManifestSet set = Rendered.OfChart("deployment-shared-volume");
        using Node node = new(set, image.Folder, await database.CreateAsync());
        Pod pod = node.Start();
        await pod.StartedAsync();
        Assert.True(await pod.AnswersAsync("readinessProbe"), pod.Log);
        Assert.NotEmpty(Directory.EnumerateFileSystemEntries(node.Shared("/var/lib/distattention/storage")));
        Assert.Equal(0, await pod.TerminateAsync());
    }

    [PublishedFact]
    public async Task TheSinglePodNeedsNothing()
    {
        ManifestSet set = Rendered.OfChart("single");
        using Node node = new(set, image.Folder, database: null);
        Pod pod = node.Start();
        await pod.StartedAsync();
        Assert.True(await pod.AnswersAsync("readinessProbe"), pod.Log);
        Assert.True(await pod.AnswersAsync("livenessProbe"), pod.Log);
        Assert.Equal(0, await pod.TerminateAsync());
    }

    [PublishedPostgresFact]
    public async Task WithTlsProbesSpeakHttps()
    {
        ManifestSet set = Rendered.OfChart("production");
        using Node node = new(set, image.Folder, await database.CreateAsync());
        Certificates.Write(node.Shared("/etc/distattention/tls"), set.Option("Tls:SiloName")!);
        Pod pod = node.Start();
        await pod.StartedAsync();
        Assert.True(await pod.AnswersAsync("readinessProbe"), pod.Log);
        Assert.Contains("security: TLS mutual", pod.Log, StringComparison.Ordinal);
        Assert.Contains($"\"{pod.Name}\"", await pod.ExecuteAsync("cluster", "status", "--cluster", $"{pod.Address}:{set.Option("Endpoint:GatewayPort")}", "--json"), StringComparison.Ordinal);
        Assert.Equal(0, await pod.TerminateAsync());
    }

    [PublishedFact]
    public async Task WithoutItsSecretItSaysSoAndDoesNotStart()
    {
        ManifestSet set = Rendered.OfChart("statefulset-postgresql");
        using Node node = new(set, image.Folder, database: null);
        Pod pod = node.Start();
        while (!pod.HasEnded)
        {
            Assert.False(await pod.AnswersAsync("startupProbe"));
            await Task.Delay(50); // another process tells nobody: it has to be asked
        }

        Assert.Contains("secrets.json' does not exist", pod.Log, StringComparison.Ordinal);
    }
}

/// <summary>Needs the programs of the image, and of PostgreSQL.</summary>
public sealed class PublishedPostgresFactAttribute : FactAttribute
{
    public PublishedPostgresFactAttribute() => Skip = Published.WhyNot ?? PostgresBinaries.WhyNot;
}
