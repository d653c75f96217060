using DistAttention.Cli.Shell;
using DistAttention.Contracts.Membership;

namespace DistAttention.Cli.Cluster.Local;

/// <summary>The files of one local cluster: its members, and a log and a record of the process per silo.</summary>
internal sealed class StateFolder(string path)
{
    private const string HomeVariable = "DISTATTN_HOME";
    private const string RecordSuffix = ".pid";

    public string Path { get; } = path;

    /// <summary>The folder of the user's local cluster, of which there is one. DISTATTN_HOME moves it.</summary>
    public static StateFolder OfUser()
    {
        string home = Environment.GetEnvironmentVariable(HomeVariable) is { Length: > 0 } given
            ? given
            : System.IO.Path.Combine(UserData(), "distattention");
        return new StateFolder(System.IO.Path.GetFullPath(System.IO.Path.Combine(home, "local-cluster")));
    }

    /// <summary>A folder for a cluster that ends with this process.</summary>
    public static StateFolder Temporary() => new(Directory.CreateTempSubdirectory("distattn-").FullName);

    public string LogOf(string silo) => System.IO.Path.Combine(Path, silo + ".log");

    /// <summary>The file that the owner of a temporary cluster keeps locked.</summary>
    public string OwnerLock => System.IO.Path.Combine(Path, "owner.lock");

    /// <summary>The folder that the cluster keeps sequences in, fixed while any of its silos runs; null: it keeps none.</summary>
    public string? Storage
    {
        get => File.Exists(StoragePath) && File.ReadAllText(StoragePath) is { Length: > 0 } folder ? folder : null;
        set => File.WriteAllText(StoragePath, value ?? "");
    }

    /// <summary>Where it keeps them unless told otherwise.</summary>
    public string DefaultStorage => System.IO.Path.Combine(Path, "sequences");

    private string StoragePath => System.IO.Path.Combine(Path, "storage.path");

    /// <summary>Takes the right to start and stop silos of this cluster.</summary>
    /// <exception cref="CliException">Another distattn is at it.</exception>
    public FolderLock LockForChange()
    {
        Directory.CreateDirectory(Path);
        return FolderLock.TryAcquire(System.IO.Path.Combine(Path, "change.lock"))
            ?? throw new CliException($"another distattn is starting or stopping this cluster ({Path})");
    }

    /// <summary>The silos that were started and not stopped since, alive or not.</summary>
    public IReadOnlyList<SiloRecord> Records() =>
        !Directory.Exists(Path)
            ? []
            : [.. Directory.EnumerateFiles(Path, "*" + RecordSuffix).Select(SiloRecord.TryRead).OfType<SiloRecord>().OrderBy(static r => r.Number)];

    public void Write(SiloRecord record) => record.WriteTo(RecordPath(record.Name));

    public void Remove(SiloRecord record) => File.Delete(RecordPath(record.Name));

    /// <summary>Forgets who was a member, for silos that find none of them there. Logs stay.</summary>
    public void ForgetMembers() => File.Delete(System.IO.Path.Combine(Path, "membership.json"));

    public void Delete()
    {
        try
        {
            Directory.Delete(Path, recursive: true);
        }
        catch (IOException)
        {
            // a silo that was just killed may still hold its log on some systems: temporary files are the system's to clean
        }
    }

    private static string UserData()
    {
        string data = Environment.GetFolderPath(Environment.SpecialFolder.LocalApplicationData, Environment.SpecialFolderOption.DoNotVerify);
        return data.Length > 0 ? data : System.IO.Path.Combine(System.IO.Path.GetTempPath(), Environment.UserName);
    }

    private string RecordPath(string silo) => System.IO.Path.Combine(Path, silo + RecordSuffix);
}
