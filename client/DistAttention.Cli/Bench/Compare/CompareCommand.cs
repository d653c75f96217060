using DistAttention.Cli.Bench.Kernel;
using DistAttention.Cli.Bench.Measuring;
using DistAttention.Cli.Output;
using DistAttention.Cli.Shell;

namespace DistAttention.Cli.Bench.Compare;

/// <summary><c>distattn bench compare</c>: the engine against what a user would otherwise write.</summary>
internal static class CompareCommand
{
    public static Verb Create(CliConsole console)
    {
        BenchOptions options = new();
        Verb verb = new(
            "compare",
            "The engine against attention written with TensorPrimitives (Dot, Exp, MultiplyAdd) on the same work and threads.",
            new Example("how many times faster", "distattn bench compare"));
        options.AddTo(verb);
        verb.SetAction(async (parsed, cancellationToken) =>
        {
            BenchSettings settings = options.Settings(parsed);
            BenchReport report = await console.WithProgressAsync(steps =>
                KernelCommand.RunAsync(Suite(settings), settings, options.Filter(parsed), steps, cancellationToken)).ConfigureAwait(false);
            report.Write(console, options.Json(parsed));
            return ExitCode.Ok;
        });
        return verb;
    }

    private static IKernelBench[] Suite(BenchSettings settings)
    {
        int length = settings.Length(4096);
        Goal target = Goal.AtLeast(7);
        return
        [
            new PlainTensorBench(new AttendShape(length, length, 64), target),
            new PlainTensorBench(new AttendShape(length, length, 128), target),
            new PlainTensorBench(new AttendShape(length, length, 64) { IsCausal = true }, target),
        ];
    }
}
