using System.CommandLine;
using System.Net;
using System.Runtime.CompilerServices;
using DistAttention.Cli.Arguments;
using DistAttention.Cli.Output;
using DistAttention.Cli.Shell;
using DistAttention.Engine;
using DistAttention.Http;
using DistAttention.Storage;

namespace DistAttention.Cli.Serve;

/// <summary><c>distattn serve</c>: the HTTP API of one engine in this process.</summary>
internal static class ServeCommand
{
    private const int DefaultPort = 8642;
    private const int ShortestToken = 16;

    public static Verb Create(CliConsole console)
    {
        Option<int?> port = Parsed.Option<int?>("--port", "P", $"Where it listens. 0: any free port, which is printed. Default: {DefaultPort}.", static text => (int)Parsed.WholeNumber(0, ushort.MaxValue)(text));
        Option<IPAddress?> address = Parsed.Option<IPAddress?>("--address", "IP", "The address it listens on. Default: 127.0.0.1.", static text => IPAddress.TryParse(text, out IPAddress? ip) ? ip : throw new FormatException($"'{text}' is not an IP address"));
        Option<bool> embedded = new("--embedded") { Description = "Compute in this process, which it always does: silos serve the same API themselves (Http:Port)." };
        Option<string?> storage = Parsed.Option<string?>("--storage", "PLACE", "A folder, made if it is not there, or a PostgreSQL database, where sequences are kept. Default: nowhere; they end with the process.", Parsed.FileName);
        Option<int?> threads = Parsed.Option<int?>("--threads", "N", "Threads that compute. Default: all cores.", static text => (int)Parsed.WholeNumber(1, 1024)(text));
        Option<string?> tokenFile = Parsed.Option<string?>("--token-file", "FILE", "A file whose one line every request must show (Authorization: Bearer …). Default: none is asked for.", Parsed.FileName);

        Verb verb = new(
            "serve",
            "The HTTP API (/v1) of one engine in this process, until it is stopped.",
            new Example("for programs on this machine", "distattn serve --port 8642"),
            new Example("sequences that outlive it, for whoever shows the token", "distattn serve --address 0.0.0.0 --storage /var/lib/distattn", "--token-file token.txt"));
        foreach (Option option in (Option[])[port, address, embedded, storage, threads, tokenFile])
        {
            verb.Add(option);
        }

        verb.SetAction(async (parsed, cancellationToken) =>
        {
            IPEndPoint at = new(parsed.GetValue(address) ?? IPAddress.Loopback, parsed.GetValue(port) ?? DefaultPort);
            string? token = parsed.GetValue(tokenFile) is { } file ? await ReadTokenAsync(file, cancellationToken).ConfigureAwait(false) : null;
            if (token is null && !IPAddress.IsLoopback(at.Address))
            {
                console.Note($"everybody who reaches {at.Address} can read and change everything; --token-file asks for a token");
            }

            EmbeddedOptions options = new() { ComputeThreads = parsed.GetValue(threads) ?? Environment.ProcessorCount };
            DurableStorage? kept = parsed.GetValue(storage) is { } place ? await DurableStorage.OpenAsync(place, create: true, cancellationToken).ConfigureAwait(false) : null;
            await using ConfiguredAsyncDisposable closing = (kept as IAsyncDisposable ?? Nothing.Instance).ConfigureAwait(false);
            EmbeddedAttention engine = new(kept?.Configure(options) ?? options);
            await using ConfiguredAsyncDisposable ending = engine.ConfigureAwait(false);
            await ApiServer.RunAsync(at, new EmbeddedAccess(engine, token), url => console.WriteLine($"listening on {url}"), cancellationToken).ConfigureAwait(false);
            return ExitCode.Ok;
        });
        return verb;
    }

    private static async Task<string> ReadTokenAsync(string file, CancellationToken cancellationToken)
    {
        string token = (await File.ReadAllTextAsync(file, cancellationToken).ConfigureAwait(false)).Trim();
        return token.Length >= ShortestToken && !token.Any(char.IsWhiteSpace)
            ? token
            : throw new CliException($"{file}: one line of at least {ShortestToken} characters without spaces is needed");
    }

    private sealed class Nothing : IAsyncDisposable
    {
        public static Nothing Instance { get; } = new();

        public ValueTask DisposeAsync() => default;
    }
}
