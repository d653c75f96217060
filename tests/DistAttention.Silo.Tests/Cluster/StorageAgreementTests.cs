using System.Diagnostics;
using DistAttention.Cli.Tests.Running;

namespace DistAttention.Silo.Tests.Cluster;

/// <summary>A silo with a folder of its own would find nothing of what others have acknowledged: it does not start.</summary>
[Collection(ClusterCollection.Name)]
public sealed class StorageAgreementTests : IDisposable
{
    private readonly ClusterHome _home = new();

    [Fact]
    public async Task ASiloWithAnotherFolderDoesNotJoin()
    {
        (await _home.ClusterAsync("up", "--silos", "1")).Ok();
        string elsewhere = Path.Combine(_home.Temporary, "elsewhere");
        using Process silo = Distattn.StartProgram(
            Distattn.Path.Replace("DistAttention.Cli", "DistAttention.Silo", StringComparison.Ordinal).Replace("distattn", "distattn-silo", StringComparison.Ordinal),
            _home.Environment,
            "--folder", _home.Folder, "--storage", elsewhere, "--name", "other", "--silo-port", $"{FreePort.Next()}", "--gateway-port", $"{FreePort.Next()}");
        Ended ended = await Distattn.EndAsync(silo);
        Assert.Equal(1, ended.ExitCode);
        Assert.Contains($"'{elsewhere}' is not the storage that silo silo-1 uses", ended.Error, StringComparison.Ordinal);
    }

    public void Dispose() => _home.Dispose();
}
