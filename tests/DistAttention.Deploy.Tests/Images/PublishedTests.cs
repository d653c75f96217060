using DistAttention.Deploy.Tests.Manifests;

namespace DistAttention.Deploy.Tests.Images;

/// <summary>The folder of the image has both programs, and the page of options is the one that the silo prints.</summary>
[Collection(PublishedCollection.Name)]
public sealed class PublishedTests(Published image)
{
    private const string UpdateVariable = "UPDATE_OPTIONS";

    [PublishedFact]
    public void BothProgramsRunOutOfOneFolder()
    {
        Assert.StartsWith("distattn ", Programs.Run(Path.Combine(image.Folder, "distattn"), "--version"), StringComparison.Ordinal);
        Assert.True(File.Exists(Path.Combine(image.Folder, "distattn-silo")));
        Assert.True(File.Exists(Path.Combine(image.Folder, "postgresql.sql")));
        Assert.Empty(Directory.EnumerateFiles(image.Folder, "DistAttention.*.Tests.dll"));
    }

    /// <summary>With UPDATE_OPTIONS=1 in the environment the page is written instead.</summary>
    [PublishedFact]
    public void ThePageOfOptionsIsWhatTheSiloPrints()
    {
        string page = Programs.Run(Path.Combine(image.Folder, "distattn-silo"), "--options");
        if (Environment.GetEnvironmentVariable(UpdateVariable) == "1")
        {
            File.WriteAllText(Repository.At("deploy/OPTIONS.md"), page);
        }

        Assert.Equal(page, Repository.Read("deploy/OPTIONS.md"));
        string[] silent = [.. page.Split('\n').Where(static line => line.EndsWith("|  |", StringComparison.Ordinal))];
        Assert.Empty(silent); // an option without a description
    }
}
