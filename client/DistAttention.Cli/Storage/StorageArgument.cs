using System.CommandLine;
using DistAttention.Cli.Arguments;
using DistAttention.Cli.Shell;
using DistAttention.Storage;

namespace DistAttention.Cli.Storage;

/// <summary>The option that says which storage a verb works on.</summary>
internal sealed class StorageArgument
{
    private const string Variable = "DISTATTN_STORAGE";

    private readonly Option<string?> _place = Parsed.Option<string?>(
        "--storage",
        "PLACE",
        $"A folder, or a PostgreSQL database by its connection string (Host=…;Database=…). Default: {Variable}, which other users do not see.",
        Parsed.FileName);

    public StorageArgument() => _place.Required = FromEnvironment is null;

    private static string? FromEnvironment => Environment.GetEnvironmentVariable(Variable) is { Length: > 0 } place ? place : null;

    public void AddTo(Verb verb) => verb.Add(_place);

    /// <summary>Opens it.</summary>
    /// <param name="parsed">The command line.</param>
    /// <param name="create">Whether to make it where there is none.</param>
    /// <param name="cancellationToken">Gives up.</param>
    public ValueTask<DurableStorage> OpenAsync(ParseResult parsed, bool create, CancellationToken cancellationToken) =>
        DurableStorage.OpenAsync(parsed.GetValue(_place) ?? FromEnvironment ?? throw new CliException("--storage is needed"), create, cancellationToken);
}
