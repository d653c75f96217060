using System.Diagnostics;
using DistAttention.Cli.Demo.Encoding;
using DistAttention.Cli.Output;

namespace DistAttention.Cli.Demo.Running;

/// <summary>A text appended to a sequence, and the encoder that made its rows and can make them again.</summary>
internal sealed record EncodedSequence(IAttentionSequence Sequence, TextEncoder Encoder, TimeSpan AppendTime)
{
    /// <summary>Positions: the tokens and the start.</summary>
    public int Length => Encoder.Corpus.Length;

    /// <summary>Encodes the text slice by slice into a new sequence.</summary>
    public static async Task<EncodedSequence> AppendAsync(
        IAttentionClient client, SequenceId name, TextEncoder encoder, int shardLength, ProgressSteps steps, CancellationToken cancellationToken)
    {
        long started = Stopwatch.GetTimestamp();
        ProgressStep step = steps.Start("encode and append", encoder.Corpus.Length, "tokens");
        IAttentionSequence sequence = await client.CreateSequenceAsync(
            name,
            new SequenceSpec
            {
                NumHeadsQ = encoder.Heads.Count,
                NumHeadsKv = encoder.Heads.Count,
                HeadDim = encoder.HeadDim,
                ShardLength = shardLength,
                ExpectedLength = encoder.Corpus.Length,
            },
            cancellationToken).ConfigureAwait(false);

        float[] k = new float[TextEncoder.SliceLength * encoder.RowLength]; // [slice, heads, headDim]
        float[] v = new float[TextEncoder.SliceLength * encoder.RowLength];
        for (int slice = 0; slice < encoder.SliceCount; slice++)
        {
            cancellationToken.ThrowIfCancellationRequested();
            (int first, int count) = encoder.Slice(slice);
            encoder.KeysAndValues(slice, k, v);
            await sequence.AppendAsync(
                k.AsMemory(0, count * encoder.RowLength),
                v.AsMemory(0, count * encoder.RowLength),
                new AppendOptions { ExpectedPosition = first },
                cancellationToken).ConfigureAwait(false);
            step.Report(first + count);
        }

        return new EncodedSequence(sequence, encoder, Stopwatch.GetElapsedTime(started));
    }
}
