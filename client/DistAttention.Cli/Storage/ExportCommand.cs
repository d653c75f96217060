using System.CommandLine;
using System.Runtime.CompilerServices;
using DistAttention.Cli.Arguments;
using DistAttention.Cli.Output;
using DistAttention.Cli.Shell;
using DistAttention.Engine.Ledger;
using DistAttention.Storage;
using DistAttention.Storage.Moving;

namespace DistAttention.Cli.Storage;

/// <summary><c>distattn export</c>: a sequence of a storage as a tensor file.</summary>
internal static class ExportCommand
{
    public static Verb Create(CliConsole console)
    {
        StorageArgument storage = new();
        Argument<SequenceId> sequence = SequenceArgument.Create("The sequence, as 'distattn list' names it.");
        Option<string> output = Parsed.Option("--out", "FILE", "Where k and v go: .safetensors, in the type they are stored in; int8 as float32, without loss.", SafetensorsName.Parse);
        output.Required = true;
        Verb verb = new(
            "export",
            "Writes k and v of a stored sequence, with what describes it, to a .safetensors file that 'distattn import' takes. The sequence may be in use.",
            new Example("a copy of a sequence", "distattn export --storage /var/lib/distattn --out book.safetensors book"));
        storage.AddTo(verb);
        verb.Add(output);
        verb.Add(sequence);
        verb.SetAction(async (parsed, cancellationToken) =>
        {
            DurableStorage opened = await storage.OpenAsync(parsed, create: false, cancellationToken).ConfigureAwait(false);
            await using ConfiguredAsyncDisposable ending = opened.ConfigureAwait(false);
            string path = parsed.GetRequiredValue(output);
            LedgerRecord written = await console.WithProgressAsync(steps =>
                SequenceExport.RunAsync(opened, parsed.GetValue(sequence), path, new PositionSteps(steps, "exporting"), cancellationToken)).ConfigureAwait(false);
            SequenceSpec spec = written.Spec;
            Facts.Write(
                console.Notes,
                ("exported", $"{written.Id}, {Units.Plural(written.Length, "position")} of {Units.Plural(spec.NumHeadsKv, "head")}, {KvTypes.Name(spec.KvType)}"),
                ("file", $"{path}: k {Units.Shape(written.Length, spec.NumHeadsKv, spec.HeadDim)}, v {Units.Shape(written.Length, spec.NumHeadsKv, spec.HeadDimV)}, {Units.Bytes(new FileInfo(path).Length)}"));
            return ExitCode.Ok;
        });
        return verb;
    }
}
