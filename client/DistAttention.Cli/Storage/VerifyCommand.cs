using System.CommandLine;
using System.Diagnostics;
using System.Runtime.CompilerServices;
using DistAttention.Cli.Output;
using DistAttention.Cli.Shell;
using DistAttention.Storage;
using DistAttention.Storage.Verifying;

namespace DistAttention.Cli.Storage;

/// <summary><c>distattn verify</c>: reads everything a storage keeps and says what is not as it was written.</summary>
internal static class VerifyCommand
{
    public static Verb Create(CliConsole console)
    {
        StorageArgument storage = new();
        Option<bool> reclaim = new("--reclaim") { Description = "Give back the space of shards that no sequence has held for an hour." };
        Option<bool> json = new("--json") { Description = "The report as JSON on stdout." };
        Verb verb = new(
            "verify",
            "Reads every ledger and every record of a storage, which may be in use; fails if anything acknowledged is damaged or missing.",
            new Example("a folder", "distattn verify --storage /var/lib/distattn"),
            new Example("a database", "distattn verify --storage \"Host=db;Database=attention;Username=me\""));
        storage.AddTo(verb);
        verb.Add(reclaim);
        verb.Add(json);
        verb.SetAction(async (parsed, cancellationToken) =>
        {
            DurableStorage opened = await storage.OpenAsync(parsed, create: false, cancellationToken).ConfigureAwait(false);
            await using ConfiguredAsyncDisposable ending = opened.ConfigureAwait(false);
            long start = Stopwatch.GetTimestamp();
            VerifyReport report = await console.WithProgressAsync(async steps =>
                await new StorageVerifier(opened, new ShardSteps(steps)).RunAsync(parsed.GetValue(reclaim), TimeProvider.System, cancellationToken).ConfigureAwait(false)).ConfigureAwait(false);
            if (parsed.GetValue(json))
            {
                console.WriteJson(VerifyOutput.ToJson(report));
            }
            else
            {
                VerifyOutput.Write(console, report, Stopwatch.GetElapsedTime(start));
            }

            return report.IsSound ? ExitCode.Ok : ExitCode.Failed;
        });
        return verb;
    }

    /// <summary>The total is known with the first report.</summary>
    private sealed class ShardSteps(ProgressSteps steps) : IProgress<VerifyProgress>
    {
        private ProgressStep? _step;

        public void Report(VerifyProgress value) => (_step ??= steps.Start("verifying", value.ShardsInAll, "shards")).Report(value.Shards);
    }
}
