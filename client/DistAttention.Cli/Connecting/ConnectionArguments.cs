using System.CommandLine;
using System.CommandLine.Parsing;
using DistAttention.Cli.Arguments;
using DistAttention.Cli.Output;
using DistAttention.Cli.Shell;

namespace DistAttention.Cli.Connecting;

/// <summary>The options that say where a verb computes: shared by every verb that does.</summary>
internal sealed partial class ConnectionArguments
{
    private readonly Option<bool> _embedded = new("--embedded") { Description = "Compute in this process." };

    private readonly Option<int?> _threads = Parsed.Option<int?>(
        "--threads", "N", "Threads that compute in each process. Changes no bit of the result. Default: all cores.", static text => (int)Parsed.WholeNumber(1, 1024)(text));

    private IConnector? _connector;

    /// <param name="silosUnlessTold">Silos to start where the command line does not say and the build can; 0 for this process.</param>
    public ConnectionArguments(int silosUnlessTold = 0) => AddConnector(silosUnlessTold, ref _connector);

    /// <summary>Adds them to a verb.</summary>
    public void AddTo(Verb verb)
    {
        Option[] places = [_embedded, .. _connector?.Options ?? []];
        verb.Add(_threads);
        foreach (Option place in places)
        {
            verb.Add(place);
        }

        foreach (Option detail in _connector?.Details ?? [])
        {
            verb.Add(detail);
        }

        verb.Validators.Add(result =>
        {
            string[] given = [.. places.Where(place => IsGiven(result, place)).Select(static place => place.Name)];
            if (given.Length > 1)
            {
                result.AddError($"{given[0]} and {given[1]} exclude each other");
            }
        });
    }

    /// <summary>Opens what the command line asks for.</summary>
    public async Task<IAttentionHost> OpenAsync(ParseResult parsed, CliConsole console, CancellationToken cancellationToken)
    {
        int? threads = parsed.GetValue(_threads);
        return !parsed.GetValue(_embedded) && _connector?.Open(parsed, threads, console, cancellationToken) is { } opening
            ? await opening.ConfigureAwait(false)
            : new EmbeddedHost(threads ?? Environment.ProcessorCount);
    }

    /// <summary>Implemented in Cluster/, a folder that the build without Orleans leaves out: the hook then has no body.</summary>
    static partial void AddConnector(int silosUnlessTold, ref IConnector? connector);

    private static bool IsGiven(CommandResult command, Option option) => command.GetResult(option) is { Implicit: false };
}
