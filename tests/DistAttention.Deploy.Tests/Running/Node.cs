using System.Net;
using System.Text.Json;
using DistAttention.Deploy.Tests.Manifests;
using DistAttention.Deploy.Tests.Yaml;

namespace DistAttention.Deploy.Tests.Running;

/// <summary>Where pods of rendered manifests run: folders for their mounts, the secrets that an operator makes, addresses of their own.</summary>
internal sealed class Node : IDisposable
{
    private static int _subnet = Random.Shared.Next(16, 240);

    private readonly string _folder = Directory.CreateTempSubdirectory("distattn-node-").FullName;
    private readonly ManifestSet _set;
    private readonly string _image;
    private readonly byte _address = (byte)(Interlocked.Increment(ref _subnet) % 250);
    private readonly List<Pod> _pods = [];

    /// <param name="set">The manifests.</param>
    /// <param name="image">What is in their image.</param>
    /// <param name="database">What the Secret says of the database; null where there is none.</param>
    public Node(ManifestSet set, string image, string? database)
    {
        _set = set;
        _image = image;
        if (database is not null)
        {
            Dictionary<string, object> secrets = [];
            foreach (string section in (string[])["Cluster", "Storage"])
            {
                if (set.Option($"{section}:Mode") == "PostgreSql")
                {
                    secrets[section] = new { ConnectionString = database };
                }
            }

            File.WriteAllText(Path.Combine(Mount("shared", "/etc/distattention/secrets"), "secrets.json"), JsonSerializer.Serialize(secrets));
        }
    }

    /// <summary>The folder of a mount that all pods have.</summary>
    public string Shared(string mount) => Mount("shared", mount);

    /// <summary>Starts the next pod.</summary>
    public Pod Start()
    {
        int ordinal = _pods.Count;
        string name = $"{_set.Workload.Name}-{ordinal}";
        Dictionary<string, string> mounts = [];
        foreach (object? mount in _set.Container.ItemsAt("volumeMounts"))
        {
            string path = mount.TextAt("mountPath")!;
            mounts[path] = Mount(mount.TextAt("name") is "own" or "tmp" ? name : "shared", path);
        }

        Pod pod = new(_set, _image, name, new IPAddress([127, 77, _address, (byte)(10 + ordinal)]), mounts);
        _pods.Add(pod);
        return pod;
    }

    public void Dispose()
    {
        _pods.ForEach(static pod => pod.Dispose());
        Directory.Delete(_folder, recursive: true);
    }

    private string Mount(string whose, string path) => Directory.CreateDirectory(Path.Combine(_folder, whose, path.Trim('/').Replace('/', '-'))).FullName;
}
