using DistAttention.Cli.Demo.Documents;
using DistAttention.Cli.Demo.Encoding;
using DistAttention.Cli.Demo.Running;

namespace DistAttention.Cli.Demo.Asking;

/// <summary>Cross-attention of questions over a text: queries of one stream, keys and values of another.</summary>
internal sealed class Asker(Corpus corpus, Lexicon lexicon, EncodedSequence text)
{
    private const int MaxPassages = 5;
    private const int RowsPerCall = 16;
    private const int TopPositions = 256;

    private readonly PassageFinder _passages = new(corpus, lexicon);

    public async Task<Answer> AskAsync(string asked, CancellationToken cancellationToken)
    {
        Question question = Question.Read(asked, lexicon);
        float[] q = text.Encoder.Question(question.Terms); // [words, heads, headDim]
        double[] rowShares = question.RowShares();
        MassProfile mass = await MassAsync(q, rowShares, cancellationToken).ConfigureAwait(false);
        return new Answer
        {
            Question = question,
            Mass = mass,
            Passages = _passages.Find(mass.ByToken(corpus), MaxPassages),
        };
    }

    private async Task<MassProfile> MassAsync(float[] q, double[] rowShares, CancellationToken cancellationToken)
    {
        int rowLength = text.Encoder.RowLength;
        int bins = Math.Min(text.Length, MassProfile.MaxBins);
        AttentionMassOptions options = new() { Bins = bins, TopK = bins < text.Length ? TopPositions : 0 };
        MassProfile profile = new(text.Encoder.Heads.Count, text.Length);
        for (int first = 0; first < rowShares.Length; first += RowsPerCall)
        {
            int count = Math.Min(RowsPerCall, rowShares.Length - first);
            AttentionMass mass = await text.Sequence.AttentionMassAsync(q.AsMemory(first * rowLength, count * rowLength), options, cancellationToken).ConfigureAwait(false);
            profile.Add(mass, rowShares.AsSpan(first, count));
        }

        return profile;
    }
}
