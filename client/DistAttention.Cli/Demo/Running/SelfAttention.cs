using System.Diagnostics;
using System.Runtime.InteropServices;
using System.Security.Cryptography;
using DistAttention.Cli.Demo.Checking;
using DistAttention.Cli.Demo.Encoding;
using DistAttention.Cli.Output;

namespace DistAttention.Cli.Demo.Running;

/// <summary>What attention of a text to itself gave.</summary>
internal sealed record SelfAttentionResult
{
    /// <summary>Time inside the attention calls.</summary>
    public required TimeSpan Time { get; init; }

    /// <summary>Visible pairs of positions, counted once for all heads.</summary>
    public required double Pairs { get; init; }

    /// <summary>Floating-point operations over the visible pairs: two per multiply-add of q·k and p·v.</summary>
    public required double Flops { get; init; }

    /// <summary>SHA-256 of o, row by row, as little-endian float32.</summary>
    public required string OutputDigest { get; init; }

    /// <summary>SHA-256 of lse likewise.</summary>
    public required string LseDigest { get; init; }

    /// <summary>Rows kept for the check.</summary>
    public required IReadOnlyList<SampledRow> Sample { get; init; }
}

/// <summary>
/// Causal attention of every token over every token before it. Rows are made, answered, hashed and let go slice by slice,
/// so that memory is that of the keys and values and not of the queries and answers too.
/// </summary>
internal static class SelfAttention
{
    public static async Task<SelfAttentionResult> RunAsync(EncodedSequence text, ProgressSteps steps, CancellationToken cancellationToken)
    {
        TextEncoder encoder = text.Encoder;
        ProgressStep step = steps.Start("self-attention", PairsUpTo(text.Length), "pairs");
        SortedSet<int> wanted = RowSample.Choose(text.Length);
        List<SampledRow> sample = [];
        using IncrementalHash outputHash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        using IncrementalHash lseHash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        float[] q = new float[TextEncoder.SliceLength * encoder.RowLength]; // [slice, heads, headDim]
        float[] o = new float[TextEncoder.SliceLength * encoder.RowLength];
        float[] lse = new float[TextEncoder.SliceLength * encoder.Heads.Count]; // [slice, heads]
        TimeSpan time = TimeSpan.Zero;
        for (int slice = 0; slice < encoder.SliceCount; slice++)
        {
            (int first, int count) = encoder.Slice(slice);
            encoder.Queries(slice, q);
            long started = Stopwatch.GetTimestamp();
            await text.Sequence.AttendAsync(
                q.AsMemory(0, count * encoder.RowLength),
                o.AsMemory(0, count * encoder.RowLength),
                lse.AsMemory(0, count * encoder.Heads.Count),
                new AttendOptions
                {
                    Mask = AttentionMask.Causal,
                    FirstQueryPosition = first,
                    Timeout = TimeSpan.FromDays(1),
                    Progress = new PairProgress(step, first),
                },
                cancellationToken).ConfigureAwait(false);
            time += Stopwatch.GetElapsedTime(started);

            outputHash.AppendData(MemoryMarshal.AsBytes(o.AsSpan(0, count * encoder.RowLength)));
            lseHash.AppendData(MemoryMarshal.AsBytes(lse.AsSpan(0, count * encoder.Heads.Count)));
            sample.AddRange(wanted.GetViewBetween(first, first + count - 1).Select(position => SampledRow.Take(position, position - first, encoder, q, o, lse)));
        }

        double pairs = PairsUpTo(text.Length);
        return new SelfAttentionResult
        {
            Time = time,
            Pairs = pairs,
            Flops = pairs * encoder.Heads.Count * 2 * (encoder.HeadDim + encoder.HeadDim),
            OutputDigest = Convert.ToHexStringLower(outputHash.GetHashAndReset()),
            LseDigest = Convert.ToHexStringLower(lseHash.GetHashAndReset()),
            Sample = sample,
        };
    }

    /// <summary>Pairs that the first rows see under a causal mask: row i sees i + 1 positions.</summary>
    private static long PairsUpTo(long rows) => rows * (rows + 1) / 2;

    /// <summary>Counts pairs instead of rows, because later rows take longer: the time left is then right.</summary>
    private sealed class PairProgress(ProgressStep step, long first) : IProgress<AttentionProgress>
    {
        public void Report(AttentionProgress value) => step.Report(PairsUpTo(first + value.Done));
    }
}
