namespace DistAttention.Testing;

/// <summary>
/// A fixed list of problems and the digests of their answers. Run in processes with different vector widths enabled, or on
/// different machines, the digests must be equal.
/// </summary>
public static class DigestCases
{
    /// <summary>Problems that take well under a second even where fused multiply-add is done in software.</summary>
    public static IEnumerable<(string Name, string Digest)> Small() => Run(AllSmall());

    /// <summary>All of them: a few seconds at most with vectors.</summary>
    public static IEnumerable<(string Name, string Digest)> All() => Run(AllSmall().Concat(LargeProblems().Select(static p => (Name(p), p))));

    private static IEnumerable<(string Name, AttentionProblem Problem)> AllSmall() =>
        SmallProblems().Select(static p => (Name(p), p)).Concat(ScoreProblems());

    private static IEnumerable<(string Name, string Digest)> Run(IEnumerable<(string Name, AttentionProblem Problem)> problems)
    {
        foreach ((string name, AttentionProblem problem) in problems)
        {
            using PackedSequence sequence = problem.Pack();
            (float[] output, float[] lse) = problem.Compute(sequence);
            yield return (name, BitDigest.Of(output, lse));
        }
    }

    private static string Name(AttentionProblem p) =>
        $"{p.KvType}-{p.Mask}-{p.Rows}x{p.Length}-heads{p.NumHeadsKv}x{p.GroupSize}-size{p.HeadDim}x{p.HeadDimV}".ToLowerInvariant();

    // Few rows take the decode kernel, many the prefill kernel.
    private static IEnumerable<AttentionProblem> SmallProblems()
    {
        foreach (KvDataType type in Enum.GetValues<KvDataType>())
        {
            AttentionProblem some = new() { Seed = 11, KvType = type, HeadDim = 5, HeadDimV = 3, Length = 300 };
            yield return some with { Rows = 1 };
            yield return some with { Rows = 3, GroupSize = 2, Mask = AttentionMask.Causal };
            yield return some with { Rows = 20, Mask = AttentionMask.Causal };
            yield return some with { Rows = 17, NumHeadsKv = 2, HeadDim = 8, HeadDimV = 16, Length = 40 };
        }

        yield return new() { Seed = 12, HeadDim = 4, HeadDimV = 4, Length = 3000, Rows = 2 };
    }

    // Every score through both kernels.
    private static IEnumerable<(string Name, AttentionProblem Problem)> ScoreProblems()
    {
        AttentionProblem some = new() { Seed = 16, GroupSize = 2, HeadDim = 6, HeadDimV = 3, Length = 290, Mask = AttentionMask.Causal };
        foreach (int rows in (int[])[2, 19])
        {
            foreach ((string name, AttentionProblem problem) in ScoreCases.All(some with { Rows = rows }))
            {
                yield return ($"score-{name}-{rows}x{problem.Length}", problem);
            }
        }
    }

    private static IEnumerable<AttentionProblem> LargeProblems()
    {
        foreach (KvDataType type in Enum.GetValues<KvDataType>())
        {
            AttentionProblem some = new() { Seed = 13, KvType = type, HeadDim = 64, HeadDimV = 64, Length = 5000 };
            yield return some with { Rows = 1, NumHeadsKv = 2, GroupSize = 4 };
            yield return some with { Rows = 200, Mask = AttentionMask.Causal };
            yield return some with { Rows = 61, GroupSize = 3, HeadDim = 80, HeadDimV = 96, Length = 2500 };
        }

        yield return new() { Seed = 14, HeadDim = 576, HeadDimV = 512, Length = 1500, Rows = 33, Mask = AttentionMask.Causal };
        yield return new() { Seed = 15, HeadDim = 64, HeadDimV = 64, Length = 1200, Rows = 1200, Mask = AttentionMask.Causal };
    }
}
