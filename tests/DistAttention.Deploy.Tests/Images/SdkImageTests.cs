using System.Formats.Tar;
using System.IO.Compression;
using System.Text;
using DistAttention.Deploy.Tests.Manifests;
using DistAttention.Deploy.Tests.Yaml;

namespace DistAttention.Deploy.Tests.Images;

/// <summary>The SDK really makes the image, on a base of nearly nothing: no engine and no network is needed for that.</summary>
[Collection(PublishedCollection.Name)]
public sealed class SdkImageTests
{
    [PublishedFact]
    public void TheImageHasBothProgramsAndStartsTheSiloAsItsUser()
    {
        string folder = Directory.CreateTempSubdirectory("distattn-sdk-image-").FullName;
        try
        {
            using BaseRegistry registry = new();
            string archive = Path.Combine(folder, "image.tar.gz");
            Programs.Run(
                "env", $"DOTNET_CONTAINER_INSECURE_REGISTRIES={registry.Host}", Repository.At("deploy/publish.sh"), Path.Combine(folder, "app"), "--image", "--no-build",
                "-p:DebugType=none", "-v", "quiet", $"-p:ContainerArchiveOutputPath={archive}", $"-p:ContainerBaseImage={registry.Image}");
            Dictionary<string, byte[]> files = Files(File.ReadAllBytes(archive)).ToDictionary(static f => f.Name, static f => f.Content);
            object? manifest = ((List<object?>)YamlText.Documents(Encoding.UTF8.GetString(files["manifest.json"]))[0])[0];
            Assert.Equal($"distattention:{Rendered.Chart.Description["appVersion"]}", manifest.TextAt("RepoTags/0"));

            object? config = YamlText.Mapping(Encoding.UTF8.GetString(files[manifest.TextAt("Config")!])).At("config");
            Stage final = Dockerfile.Stages(Repository.Read("deploy/Dockerfile"))[^1];
            Assert.Equal("1654:1654", config.TextAt("User"));
            Assert.Equal(["/app/distattn-silo"], config.ItemsAt("Entrypoint"));
            Assert.Equal(final.Of("EXPOSE").Single().Words.Select(static p => p + "/tcp").Order(), config.MappingAt("ExposedPorts").Keys.Order());
            string[] environment = [.. config.ItemsAt("Env").Select(static e => (string)e!)];
            Assert.All(final.Environment, variable => Assert.Contains($"{variable.Key}={variable.Value}", environment));

            (string Name, UnixFileMode Mode, byte[] Content)[] layer = [.. Files(files[(string)manifest.ItemsAt("Layers")[^1]!])];
            string[] programs = ["distattn", "distattn-silo"];
            Assert.All(programs, program => Assert.Contains(layer, f => f.Name.TrimStart('/') == $"app/{program}" && f.Mode.HasFlag(UnixFileMode.OtherExecute)));
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    private static IEnumerable<(string Name, UnixFileMode Mode, byte[] Content)> Files(byte[] archive)
    {
        using MemoryStream compressed = new(archive);
        using Stream plain = archive is [0x1f, 0x8b, ..] ? new GZipStream(compressed, CompressionMode.Decompress) : compressed;
        using TarReader tar = new(plain);
        while (tar.GetNextEntry(copyData: true) is { } entry)
        {
            using MemoryStream content = new();
            entry.DataStream?.CopyTo(content);
            yield return (entry.Name, entry.Mode, content.ToArray());
        }
    }
}
