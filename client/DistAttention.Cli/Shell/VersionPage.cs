using System.CommandLine;
using System.CommandLine.Invocation;
using System.Reflection;
using DistAttention.Cli.Output;

namespace DistAttention.Cli.Shell;

/// <summary>What <c>--version</c> prints.</summary>
internal sealed class VersionPage(CliConsole console) : SynchronousCommandLineAction
{
    public static string Version { get; } =
        typeof(VersionPage).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()?.InformationalVersion ?? "unknown";

    public override int Invoke(ParseResult parseResult)
    {
        console.WriteLine($"distattn {Version}");
        return ExitCode.Ok;
    }
}
