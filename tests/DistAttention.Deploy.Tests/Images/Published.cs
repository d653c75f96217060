using System.Reflection;
using DistAttention.Deploy.Tests.Manifests;

namespace DistAttention.Deploy.Tests.Images;

/// <summary>What the image has in <c>/app</c>, published by the script that the Dockerfile runs, out of what was built along with the tests.</summary>
public sealed class Published : IDisposable
{
    private readonly Lazy<string> _folder = new(static () =>
    {
        string folder = Directory.CreateTempSubdirectory("distattn-image-").FullName;
        Programs.Run(Repository.At("deploy/publish.sh"), folder, "--no-build", "--self-contained", "false", "-p:DebugType=none", "-v", "quiet");
        return folder;
    });

    /// <summary>Where it is.</summary>
    public string Folder => _folder.Value;

    /// <summary>Why there is none; null if there is.</summary>
    public static string? WhyNot { get; } =
        typeof(Published).Assembly.GetCustomAttributes<AssemblyMetadataAttribute>().Any(static a => a is { Key: "WithOrleans", Value: "false" }) ? "built without the cluster: there is no silo"
        : OperatingSystem.IsWindows() || Programs.Find("bash") is null ? "images are made with bash"
        : !File.Exists(Repository.At("artifacts/bin/DistAttention.Silo/release/distattn-silo.dll")) ? "images are made of what is built with -c Release"
        : null;

    public void Dispose()
    {
        if (_folder.IsValueCreated)
        {
            Directory.Delete(Folder, recursive: true);
        }
    }
}

/// <summary>Tests that share one published folder, and run one after the other.</summary>
[CollectionDefinition(Name)]
public sealed class PublishedCollection : ICollectionFixture<Published>
{
    public const string Name = "published";
}

/// <summary>Needs the programs of the image.</summary>
public sealed class PublishedFactAttribute : FactAttribute
{
    public PublishedFactAttribute() => Skip = Published.WhyNot;
}
