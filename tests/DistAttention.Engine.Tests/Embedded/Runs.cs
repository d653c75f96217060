using System.Runtime.InteropServices;

namespace DistAttention.Engine.Tests.Embedded;

/// <summary>Runs seeded problems through the embedded client.</summary>
internal static class Runs
{
    public static SequenceSpec Spec(this AttentionProblem problem, int shardLength = 1024) => new()
    {
        NumHeadsQ = problem.NumHeadsQ,
        NumHeadsKv = problem.NumHeadsKv,
        HeadDim = problem.HeadDim,
        HeadDimV = problem.HeadDimV,
        KvType = problem.KvType,
        ShardLength = shardLength,
    };

    public static AttendOptions Options(this AttentionProblem problem) => new()
    {
        Mask = problem.Mask,
        Score = problem.Score,
        FirstQueryPosition = problem.FirstQueryPosition,
    };

    public static AttentionMassOptions MassOptions(this AttentionProblem problem, int topK = 0, int bins = 0) => new()
    {
        Mask = problem.Mask,
        FirstQueryPosition = problem.FirstQueryPosition,
        TopK = topK,
        Bins = bins,
    };

    public static ReadOnlyMemory<float> KRows(this AttentionProblem problem, int first, int count) =>
        problem.K.AsMemory(first * problem.NumHeadsKv * problem.HeadDim, count * problem.NumHeadsKv * problem.HeadDim);

    public static ReadOnlyMemory<float> VRows(this AttentionProblem problem, int first, int count) =>
        problem.V.AsMemory(first * problem.NumHeadsKv * problem.HeadDimV, count * problem.NumHeadsKv * problem.HeadDimV);

    public static ReadOnlyMemory<float> QRows(this AttentionProblem problem, int first, int count) =>
        problem.Q.AsMemory(first * problem.NumHeadsQ * problem.HeadDim, count * problem.NumHeadsQ * problem.HeadDim);

    /// <summary>A client of few threads, so that tests do not crowd each other out.</summary>
    public static EmbeddedAttention Client(int threads = 2, Action<EmbeddedOptions>? configure = null)
    {
        EmbeddedOptions options = new() { ComputeThreads = threads };
        configure?.Invoke(options);
        return new EmbeddedAttention(options);
    }

    /// <summary>A sequence that holds the problem's K and V, appended in chunks of the sizes given, over and over.</summary>
    public static async Task<IAttentionSequence> FillAsync(this IAttentionClient client, SequenceId id, AttentionProblem problem, int shardLength = 1024, params int[] chunks)
    {
        IAttentionSequence sequence = await client.CreateSequenceAsync(id, problem.Spec(shardLength));
        await sequence.AppendRowsAsync(problem, 0, problem.Length, chunks);
        return sequence;
    }

    public static async Task AppendRowsAsync(this IAttentionSequence sequence, AttentionProblem problem, int first, int count, params int[] chunks)
    {
        int end = first + count;
        for (int at = first, chunk = 0; at < end; chunk++)
        {
            int rows = chunks.Length == 0 ? end - at : Math.Min(end - at, chunks[chunk % chunks.Length]);
            await sequence.AppendAsync(problem.KRows(at, rows), problem.VRows(at, rows));
            at += rows;
        }
    }

    public static string Digest(this AttentionResult result) => BitDigest.Of(result.Output.ToArray(), result.Lse.ToArray());

    public static string Digest(this AttentionMass mass) =>
        BitDigest.Of(mass.TopWeights.ToArray(), mass.BinMass.ToArray(), MemoryMarshal.Cast<long, float>(mass.TopPositions.ToArray()).ToArray());

    /// <summary>The answer of the kernels alone, over one piece of memory: what every way through the engine must equal.</summary>
    public static string KernelDigest(this AttentionProblem problem)
    {
        using PackedSequence packed = problem.Pack();
        (float[] output, float[] lse) = problem.Compute(packed);
        return BitDigest.Of(output, lse);
    }

    /// <summary>The same over the first positions of another problem, with its queries.</summary>
    public static string PrefixDigest(this AttentionProblem problem, AttentionProblem whole)
    {
        using PackedSequence packed = PackedSequence.Of(problem.Layout, whole.KRows(0, problem.Length).Span, whole.VRows(0, problem.Length).Span);
        (float[] output, float[] lse) = problem.Compute(packed);
        return BitDigest.Of(output, lse);
    }

    /// <summary>Errors of o and lse against float64, relative to what a plain float32 program makes of the same input.</summary>
    public static void AssertAsGoodAsFloat32(this AttentionProblem problem, ReadOnlyMemory<float> output, ReadOnlyMemory<float> lse)
    {
        using PackedSequence packed = problem.Pack();
        ReferenceAttention reference = problem.Reference(packed);
        (float[] k, float[] v) = packed.Stored();
        double[] expected = new double[problem.HeadDimV];
        float[] naive = new float[problem.HeadDimV];
        (double error, double naiveError, double largest) = (0, 0, 0);
        (double lseError, double naiveLseError, double largestLse) = (0, 0, 1);
        for (int slot = 0; slot < problem.Rows * problem.NumHeadsQ; slot++)
        {
            (int row, int head) = (slot / problem.NumHeadsQ, slot % problem.NumHeadsQ);
            double expectedLse = reference.Row(row, head, expected);
            float naiveLse = problem.NaiveRow(k, v, row, head, naive);
            error = Math.Max(error, Errors.Largest(output.Span.Slice(slot * problem.HeadDimV, problem.HeadDimV), expected));
            naiveError = Math.Max(naiveError, Errors.Largest(naive, expected));
            lseError = Math.Max(lseError, Errors.Largest(lse.Span.Slice(slot, 1), [expectedLse]));
            naiveLseError = Math.Max(naiveLseError, Errors.Largest([naiveLse], [expectedLse]));
            largest = Math.Max(largest, expected.Max(Math.Abs));
            largestLse = double.IsFinite(expectedLse) ? Math.Max(largestLse, Math.Abs(expectedLse)) : largestLse;
        }

        // A plain program may be lucky on a small problem: a few units in the last place are always allowed.
        double allowed = (2 * naiveError) + (largest * 4e-7) + 1e-44;
        double allowedLse = (2 * naiveLseError) + (largestLse * 4e-7);
        Assert.True(error <= allowed, $"o is off by {error:g3}, allowed {allowed:g3}; {problem}");
        Assert.True(lseError <= allowedLse, $"lse is off by {lseError:g3}, allowed {allowedLse:g3}; {problem}");
    }
}
