using System.Runtime.InteropServices;
using DistAttention.Deploy.Tests.Manifests;

namespace DistAttention.Deploy.Tests.Images;

/// <summary>What Docker would run, without Docker: the Dockerfile's command in a folder that has what Docker would be sent, and nothing else.</summary>
public sealed class ContextTests
{
    [PublishedFact]
    [Trait("Category", "Soak")]
    public void WhatIsSentIsEnoughToBuildTheImage()
    {
        string context = Directory.CreateTempSubdirectory("distattn-context-").FullName;
        try
        {
            string[] files = Programs.Run("git", "ls-files").Split('\n', StringSplitOptions.RemoveEmptyEntries);
            foreach (string file in files.Where(BuildContext.Has))
            {
                string copy = Path.Combine(context, file);
                Directory.CreateDirectory(Path.GetDirectoryName(copy)!);
                File.Copy(Repository.At(file), copy);
            }

            string architecture = RuntimeInformation.ProcessArchitecture == Architecture.Arm64 ? "arm64" : "amd64"; // as Docker calls them
            string command = Dockerfile.Stages(Repository.Read("deploy/Dockerfile"))[0].Of("RUN").Single().Rest;
            command = command[command.IndexOf("deploy/publish.sh", StringComparison.Ordinal)..].Replace("$TARGETARCH", architecture, StringComparison.Ordinal).Replace(" /app ", " app ", StringComparison.Ordinal);
            Programs.Run("bash", "-c", $"cd '{context}' && {command}");
            Assert.StartsWith("distattn ", Programs.Run(Path.Combine(context, "app", "distattn"), "--version"), StringComparison.Ordinal);
            Assert.Equal(Repository.Read("deploy/OPTIONS.md"), Programs.Run(Path.Combine(context, "app", "distattn-silo"), "--options"));
            Assert.Empty(Directory.EnumerateFiles(Path.Combine(context, "app"), "DistAttention.*.pdb"));
        }
        finally
        {
            Directory.Delete(context, recursive: true);
        }
    }
}
