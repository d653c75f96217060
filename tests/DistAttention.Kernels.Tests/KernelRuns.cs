namespace DistAttention.Kernels.Tests;

/// <summary>Runs problems through a chosen kernel and width.</summary>
internal static class KernelRuns
{
    public const int RootLevel = 20;

    public static (float[] Output, float[] Lse) Compute(this AttentionProblem problem, PackedSequence sequence, KernelChoice choice, int width)
    {
        PartialBuffer root = problem.Root(sequence, choice, width);
        return problem.Finish(root);
    }

    public static PartialBuffer Root(this AttentionProblem problem, PackedSequence sequence, KernelChoice choice = KernelChoice.Measured, int? width = null)
    {
        using KernelScratch scratch = new();
        PartialBuffer root = new(problem.Rows, problem.NumHeadsQ, problem.HeadDimV);
        NodePart all = new(0, problem.NumHeadsKv, 0, problem.Rows, 0, RootLevel);
        AttentionKernel.ComputeNode(sequence.View(), problem.QueryTile, all, root.Span, scratch, choice, width ?? LaneWidth.Preferred, CancellationToken.None);

        return root;
    }

    /// <summary>Errors of o and lse against float64, relative to what a plain float32 program makes of the same input.</summary>
    public static void AssertAsGoodAsFloat32(this AttentionProblem problem, PackedSequence sequence, float[] output, float[] lse)
    {
        ReferenceAttention reference = problem.Reference(sequence);
        (float[] k, float[] v) = sequence.Stored();
        double[] expected = new double[problem.HeadDimV];
        float[] naive = new float[problem.HeadDimV];
        double error = 0;
        double naiveError = 0;
        double largest = 0;
        double lseError = 0;
        double naiveLseError = 0;
        double largestLse = 0;
        for (int row = 0; row < problem.Rows; row++)
        {
            for (int head = 0; head < problem.NumHeadsQ; head++)
            {
                int slot = (row * problem.NumHeadsQ) + head;
                double expectedLse = reference.Row(row, head, expected);
                float naiveLse = problem.NaiveRow(k, v, row, head, naive);
                error = Math.Max(error, Errors.Largest(output.AsSpan(slot * problem.HeadDimV, problem.HeadDimV), expected));
                naiveError = Math.Max(naiveError, Errors.Largest(naive, expected));
                lseError = Math.Max(lseError, Errors.Largest([lse[slot]], [expectedLse]));
                naiveLseError = Math.Max(naiveLseError, Errors.Largest([naiveLse], [expectedLse]));
                largest = Math.Max(largest, expected.Max(Math.Abs));
                largestLse = Math.Max(largestLse, double.IsFinite(expectedLse) ? Math.Abs(expectedLse) : 0);
            }
        }

        // A plain program may be lucky on a small problem: a few units in the last place are always allowed.
        double allowed = (2 * naiveError) + (largest * 4e-7) + 1e-44;
        double allowedLse = (2 * naiveLseError) + (Math.Max(1, largestLse) * 4e-7);
        Assert.True(error <= allowed, $"o is off by {error:g3}, allowed {allowed:g3}; {problem}");
        Assert.True(lseError <= allowedLse, $"lse is off by {lseError:g3}, allowed {allowedLse:g3}; {problem}");
    }
}
