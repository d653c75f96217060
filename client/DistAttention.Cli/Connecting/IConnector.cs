using System.CommandLine;
using System.CommandLine.Parsing;
using DistAttention.Cli.Output;

namespace DistAttention.Cli.Connecting;

/// <summary>A way to compute elsewhere than in this process.</summary>
internal interface IConnector
{
    /// <summary>The options that ask for it; at most one of them may be given.</summary>
    IReadOnlyList<Option> Options { get; }

    /// <summary>Options that go with one of them.</summary>
    IReadOnlyList<Option> Details { get; }

    /// <summary>Opens it, if the command line asks for it, or asks for nothing and it is the verb's default.</summary>
    /// <param name="parsed">The command line.</param>
    /// <param name="threads">Threads that compute in each process; null for the default.</param>
    /// <param name="console">For notes.</param>
    /// <param name="cancellationToken">Gives up.</param>
    /// <returns>Null if it is not asked for.</returns>
    Task<IAttentionHost>? Open(ParseResult parsed, int? threads, CliConsole console, CancellationToken cancellationToken);
}
