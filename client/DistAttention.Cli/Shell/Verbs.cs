using System.CommandLine;
using DistAttention.Cli.Attend;
using DistAttention.Cli.Bench;
using DistAttention.Cli.Demo;
using DistAttention.Cli.Explain;
using DistAttention.Cli.Output;
using DistAttention.Cli.Serve;
using DistAttention.Cli.Storage;

namespace DistAttention.Cli.Shell;

/// <summary>Everything the program can do.</summary>
internal static partial class Verbs
{
    public static RootCommand CreateRoot(CliConsole console)
    {
        RootCommand root = new("Exact attention over very long sequences.");
        root.Add(DemoCommand.Create(console));
        root.Add(AttendCommand.Create(console));
        root.Add(ExplainCommand.Create(console));
        root.Add(BenchCommand.Create(console));
        root.Add(ServeCommand.Create(console));
        root.Add(ListCommand.Create(console));
        root.Add(ExportCommand.Create(console));
        root.Add(ImportCommand.Create(console));
        root.Add(VerifyCommand.Create(console));
        AddClusterVerbs(root, console);
        root.Options.OfType<VersionOption>().Single().Action = new VersionPage(console);
        HelpPage.Install(root, console);
        return root;
    }

    /// <summary>Implemented in Cluster/, a folder that the build without Orleans leaves out: the hook then has no body.</summary>
    static partial void AddClusterVerbs(RootCommand root, CliConsole console);
}
