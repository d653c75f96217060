using DistAttention.Cli.Bench.Kernel;
using DistAttention.Cli.Bench.Measuring;
using DistAttention.Cli.Output;
using DistAttention.Cli.Shell;

namespace DistAttention.Cli.Bench.Mask;

/// <summary><c>distattn bench mask</c>: what masks cost, over what their share of full attention is worth.</summary>
internal static class MaskCommand
{
    private const int Million = 1 << 20;

    public static Verb Create(CliConsole console)
    {
        BenchOptions options = new();
        Verb verb = new(
            "mask",
            "What masks cost over their share of full attention, on the same sequence in turns, medians of ratios.",
            new Example("everything, some minutes", "distattn bench mask"),
            new Example("only the random bits", "distattn bench mask --filter bits --json"));
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
        int length = settings.Length(131_072);
        int million = settings.Length(Million);
        return
        [
            new ShareBench($"window 4096 of {KernelSuite.Number(length)}", static _ => AttentionMask.LastPositions(4096), length, 1, 4096, perPair: true, Goal.AtMost(1.15)),
            new ShareBench($"a tenth of blocks of 64, {KernelSuite.Number(length / 4)}", static n => RandomMasks.Blocks(n, 64, 0.1), length / 4, 1, 4096, perPair: true, Goal.AtMost(1.2)),
            new ShareBench($"a tenth of blocks of 256, {KernelSuite.Number(length / 4)}", static n => RandomMasks.Blocks(n, 256, 0.1), length / 4, 1, 4096, perPair: true, Goal.AtMost(1.2)),
            new ShareBench($"random bits, {KernelSuite.Number(length / 16)} × {KernelSuite.Number(length / 16)}", RandomMasks.Bits, length / 16, 4, length / 16, perPair: false, Goal.AtMost(1.35)),
            new ShareBench($"random bits, 8 rows × {KernelSuite.Number(length / 16)}", RandomMasks.Bits, length / 16, 4, 8, perPair: false, Goal.AtMost(1.35)),
            new CompileBench($"compile, {KernelSuite.Number(million)} positions", million, [LongformerOf, BigBirdOf, DocumentsOf, ImageOf]),
            new MillionBench($"Longformer, {KernelSuite.Number(million)} positions", LongformerOf, million, Goal.AtMost(300)),
            new MillionBench($"BigBird, {KernelSuite.Number(million)} positions", BigBirdOf, million, Goal.AtMost(300)),
        ];
    }

    private static AttentionMask LongformerOf(int positions) => AttentionMask.Longformer(512, PositionSet.Of(0, 17, positions / 2));

    private static AttentionMask BigBirdOf(int positions) => AttentionMask.BigBird(3, 2, 3, seed: 1, block: 64, positions);

    private static AttentionMask DocumentsOf(int positions) =>
        AttentionMask.Causal & SegmentsMask.FromIndptr([.. Enumerable.Range(0, (positions / 100) + 1).Select(static i => i * 100L)]);

    private static AttentionMask ImageOf(int positions) => AttentionMask.Image(positions / 1024, 1024, 7, 7);
}
