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
    private const int MaxOutputWords = 8;

    /// <summary>How much of the output's heaviest word another one must have to be named.</summary>
    private const double LeastOfHeaviest = 0.1;

    private readonly PassageFinder _passages = new(corpus, lexicon);

    public async Task<Answer> AskAsync(string asked, CancellationToken cancellationToken)
    {
        Question question = Question.Read(asked, lexicon);
        float[] q = text.Encoder.Question(question.Terms); // [words, heads, headDim]
        double[] rowShares = question.RowShares();
        MassProfile mass = await MassAsync(q, rowShares, cancellationToken).ConfigureAwait(false);
        AttentionResult result = await text.Sequence.AttendAsync(q, null, cancellationToken).ConfigureAwait(false);
        return new Answer
        {
            Question = question,
            Mass = mass,
            Passages = _passages.Find(mass.ByToken(corpus), MaxPassages),
            OutputWords = OutputWords(result.Output.Span, rowShares, question),
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

    /// <summary>
    /// Reads the output rows: o is Σ p · v and v a word's code times its weight, so the dot product with a word's code is
    /// the attention that word got, times its weight, but for chance likenesses.
    /// </summary>
    private List<string> OutputWords(ReadOnlySpan<float> output, double[] rowShares, Question question)
    {
        TextEncoder encoder = text.Encoder;
        float[] mean = new float[encoder.RowLength]; // [heads, headDim]
        for (int row = 0; row < rowShares.Length; row++)
        {
            for (int i = 0; i < mean.Length; i++)
            {
                mean[i] += (float)rowShares[row] * output[(row * mean.Length) + i];
            }
        }

        HashSet<string> stems = [.. question.Words.Where(static w => w.Term != TermRow.None).Select(w => lexicon[w.Term].Stem)];
        (string Text, double Held)[] words =
        [
            .. Enumerable.Range(0, lexicon.Count)
                .Where(term => lexicon[term].IsContent && !stems.Contains(lexicon[term].Stem))
                .Select(term => (lexicon[term].Text, encoder.WordIn(mean, term)))
                .OrderByDescending(static w => w.Item2)
                .Take(MaxOutputWords),
        ];
        return [.. words.Where(w => w.Held >= LeastOfHeaviest * words[0].Held && w.Held > 0).Select(static w => w.Text)];
    }
}
