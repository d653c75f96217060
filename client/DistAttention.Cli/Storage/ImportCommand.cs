using System.CommandLine;
using System.Runtime.CompilerServices;
using DistAttention.Cli.Arguments;
using DistAttention.Cli.Output;
using DistAttention.Cli.Shell;
using DistAttention.Storage;
using DistAttention.Storage.Moving;

namespace DistAttention.Cli.Storage;

/// <summary><c>distattn import</c>: a tensor file as a sequence of a storage.</summary>
internal static class ImportCommand
{
    public static Verb Create(CliConsole console)
    {
        StorageArgument storage = new();
        Argument<SequenceId> sequence = SequenceArgument.Create("What it will be called.");
        Argument<string> file = new("file") { Description = "A .safetensors file with tensors k and v, [positions, heads, head size].", CustomParser = ParseFile };
        Option<int?> heads = Parsed.Option<int?>("--heads-q", "N", "Query heads. Default: what the file says, or as many as k has.", static text => (int)Parsed.WholeNumber(1, 4096)(text));
        Option<KvDataType?> type = Parsed.Option<KvDataType?>("--kv-type", "TYPE", "How to store k and v. Default: what the file says, or the type of its elements.", static text => KvTypes.Parse(text));
        Option<TimeSpan?> ttl = Parsed.Option<TimeSpan?>("--ttl", "TIME", "Deletes the sequence this long after its last use: 7d, 12h, 90m, 30s. Default: never.", static text => TimeText.Parse(text));
        Verb verb = new(
            "import",
            "Makes a sequence of k and v of a .safetensors file: one that 'distattn export' wrote comes back with the same bits.",
            new Example("from another storage", "distattn import --storage /var/lib/distattn book book.safetensors"));
        storage.AddTo(verb);
        verb.Add(sequence);
        verb.Add(file);
        verb.Add(heads);
        verb.Add(type);
        verb.Add(ttl);
        verb.SetAction(async (parsed, cancellationToken) =>
        {
            DurableStorage opened = await storage.OpenAsync(parsed, create: true, cancellationToken).ConfigureAwait(false);
            await using ConfiguredAsyncDisposable ending = opened.ConfigureAwait(false);
            ImportOptions options = new() { NumHeadsQ = parsed.GetValue(heads), KvType = parsed.GetValue(type), TimeToLive = parsed.GetValue(ttl) };
            SequenceInfo made = await console.WithProgressAsync(steps => SequenceImport.RunAsync(
                opened, parsed.GetValue(sequence), parsed.GetRequiredValue(file), options, new PositionSteps(steps, "importing"), cancellationToken)).ConfigureAwait(false);
            Facts.Write(
                console.Notes,
                ("imported", $"{made.Id}, {Units.Plural(made.Length, "position")} of {Units.Plural(made.Spec.NumHeadsKv, "head")}, {KvTypes.Name(made.Spec.KvType)}{(made.Spec.TimeToLive is { } time ? $", for {TimeText.Of(time)} after its last use" : "")}"));
            return ExitCode.Ok;
        });
        return verb;
    }

    private static string ParseFile(System.CommandLine.Parsing.ArgumentResult result)
    {
        try
        {
            return SafetensorsName.Parse(result.Tokens[0].Value);
        }
        catch (FormatException error)
        {
            result.AddError($"file: {error.Message}");
            return "";
        }
    }
}
