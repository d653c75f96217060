using System.CommandLine;
using System.Runtime.CompilerServices;
using DistAttention.Cli.Arguments;
using DistAttention.Cli.Connecting;
using DistAttention.Cli.Output;
using DistAttention.Cli.Shell;

namespace DistAttention.Cli.Attend;

/// <summary><c>distattn attend</c>: attention of tensor files, into tensor files.</summary>
internal static class AttendCommand
{
    public static Verb Create(CliConsole console)
    {
        AttentionArguments arguments = new();
        Option<string> output = Parsed.Option("--out", "FILE", "Where o goes: float32 .npy, shaped like q with v's head size.", Parsed.FileName);
        output.Required = true;
        Option<string?> lse = Parsed.Option<string?>("--lse", "FILE", "Where lse goes, the natural log of each row's sum of exp(score): float32 .npy [tokens, heads].", Parsed.FileName);
        ConnectionArguments connection = new();
        Option<int?> check = Parsed.Option<int?>("--check", "N", "Computes N rows again in float64, and prints how far they are off beside how far a plain float32 program is.", static text => (int?)Parsed.WholeNumber(1, 100_000)(text));
        Option<bool> json = new("--json") { Description = "Print what was done, with digests of o and lse, as JSON on stdout." };

        Verb verb = new(
            "attend",
            "Exact attention of q over k and v, from tensor files into tensor files.",
            new Example("causal self-attention", "distattn attend --q q.npy --k k.npy --v v.npy --mask causal --out o.npy"),
            new Example(
                "tensors of a .safetensors file, k and v held in half precision",
                "distattn attend --q m.safetensors:q --k m.safetensors:k --v m.safetensors:v",
                "--kv-type float16 --out o.npy --lse lse.npy"),
            new Example(
                "rotary embedding and a soft cap, ten rows held against float64",
                "distattn attend --q q.npy --k k.npy --v v.npy --mask causal",
                "--rope standard:base=500000 --softcap 50 --out o.npy --check 10"));
        arguments.AddTensorsTo(verb);
        verb.Add(output);
        verb.Add(lse);
        arguments.AddChoicesTo(verb);
        connection.AddTo(verb);
        verb.Add(check);
        verb.Add(json);
        verb.SetAction(async (parsed, cancellationToken) =>
        {
            AttentionRequest request = arguments.Read(parsed);
            OutputPaths.RefuseInputs(request, parsed.GetRequiredValue(output), parsed.GetValue(lse));
            using TensorInputs inputs = TensorInputs.Open(request);
            using AttendOutputs outputs = AttendOutputs.Create(inputs, parsed.GetRequiredValue(output), parsed.GetValue(lse));
            IAttentionHost host = await connection.OpenAsync(parsed, console, cancellationToken).ConfigureAwait(false);
            await using ConfiguredAsyncDisposable ending = host.ConfigureAwait(false);
            AttendJob job = new(inputs, outputs, host, parsed.GetValue(check) is { } rows ? new AttendCheck(inputs, rows) : null);
            AttendReport report = await console.WithProgressAsync(steps => job.RunAsync(steps, cancellationToken)).ConfigureAwait(false);
            outputs.Publish();
            report.WriteNotes(console);
            if (parsed.GetValue(json))
            {
                console.WriteJson(report.ToJson());
            }

            return ExitCode.Ok;
        });
        return verb;
    }
}
