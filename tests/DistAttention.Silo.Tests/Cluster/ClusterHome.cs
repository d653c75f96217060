using System.Diagnostics;
using System.Text.Json.Nodes;
using DistAttention.Cli.Tests.Running;
using DistAttention.Contracts.Membership;
using Orleans.Runtime;

namespace DistAttention.Silo.Tests.Cluster;

/// <summary>
/// A home for local clusters of one test, and the built program run in it. Every silo that is started here ends with this object,
/// or with this process if that is killed: it watches a lock that is held here.
/// </summary>
internal sealed class ClusterHome : IDisposable
{
    private static readonly TimeSpan _patience = TimeSpan.FromSeconds(20);

    private readonly string _path = Directory.CreateTempSubdirectory("distattn-silo-tests-").FullName;
    private readonly FolderLock _owner;

    public ClusterHome(params (string Name, string Value)[] environment)
    {
        string owner = Path.Combine(_path, "tests.lock");
        _owner = FolderLock.TryAcquire(owner)!;
        Temporary = Directory.CreateDirectory(Path.Combine(_path, "tmp")).FullName;
        Environment = [("DISTATTN_HOME", _path), ("DISTATTN_Hosting__OwnerLock", owner), ("TMPDIR", Temporary), .. environment];
    }

    public (string Name, string Value)[] Environment { get; }

    /// <summary>Where the program puts what lives as long as a verb.</summary>
    public string Temporary { get; }

    /// <summary>The folder of <c>distattn cluster up</c>.</summary>
    public string Folder => Path.Combine(_path, "local-cluster");

    public Task<Ended> RunAsync(params string[] arguments) => Distattn.RunAsync(Environment, arguments);

    public Task<Ended> ClusterAsync(params string[] arguments) => RunAsync(["cluster", .. arguments]);

    /// <summary>The silos of the status, by name.</summary>
    public async Task<Dictionary<string, JsonNode>> StatusAsync() =>
        (await ClusterAsync("status", "--json")).Ok().Json["silos"]!.AsArray().ToDictionary(static silo => (string)silo!["name"]!, static silo => silo!);

    /// <summary>A gateway of a silo, as --cluster takes it.</summary>
    public async Task<string> GatewayAsync(string silo) => (string)(await StatusAsync())[silo]["gateway"]!;

    /// <summary>Processes of silos that were started here and still run.</summary>
    public IReadOnlyList<int> Silos() =>
    [
        .. Process.GetProcessesByName("distattn-silo").Where(process => BelongsHere(process)).Select(static process => process.Id),
    ];

    /// <summary>Waits until no silo of this home runs.</summary>
    public async Task WaitUntilNoneRunsAsync()
    {
        long started = Stopwatch.GetTimestamp();
        while (Silos().Count > 0)
        {
            Assert.True(Stopwatch.GetElapsedTime(started) < _patience, $"silos still run: {string.Join(", ", Silos())}");
            await Task.Delay(50); // another process tells nobody: it has to be looked at
        }
    }

    /// <summary>Waits until the others know that a silo is dead: new grains go to silos that are believed to live.</summary>
    public async Task WaitUntilNoticedAsync(string silo)
    {
        long started = Stopwatch.GetTimestamp();
        while (ClusterMembers.Read(Folder).Any(member => member.Name == silo && member.Status == SiloStatus.Active))
        {
            Assert.True(Stopwatch.GetElapsedTime(started) < _patience, $"nobody notices that {silo} is dead");
            await Task.Delay(100); // the folder tells nobody: it has to be read
        }
    }

    public void Dispose()
    {
        foreach (int silo in Silos())
        {
            using Process process = Process.GetProcessById(silo);
            process.Kill();
        }

        _owner.Dispose();
        Directory.Delete(_path, recursive: true);
    }

    /// <summary>Its command line names a folder of ours; a process that has ended has none.</summary>
    private bool BelongsHere(Process process)
    {
        try
        {
            return File.ReadAllText($"/proc/{process.Id}/cmdline").Contains(_path, StringComparison.Ordinal);
        }
        catch (IOException)
        {
            return false;
        }
    }
}
