using DistAttention.Cli.Demo.Documents;

namespace DistAttention.Cli.Demo.Encoding;

/// <summary>
/// Turns the tokens of a text into q, k and v of several heads. Nothing here is learned: it is a fixed recipe, made so that
/// exact attention over a long text finds what a question is about.
/// </summary>
/// <remarks>
/// <para>
/// <b>Features.</b> A head sees of each token its word, its spelling, its phrase or a mix of them
/// (<see cref="HeadFeature"/>), as a vector of hashed signs (<see cref="SignCode"/>), as long as the term's weight in this
/// text (<see cref="Lexicon"/>): "the" is short, a name is long.
/// </para>
/// <para>
/// <b>Context.</b> Heads of longer reach add their neighbours' vectors, fading with distance (<see cref="ContextMixer"/>), so
/// that a query matches passages, not only words.
/// </para>
/// <para>
/// <b>Scores.</b> q has length sharpness · √headDim and k about length 1, so that the scaled dot product q·k/√headDim of a
/// perfect match is the head's sharpness (about 30: e³⁰ against chance likenesses of about e^±4 each), and softmax holds on
/// to real matches instead of spreading over the text. A context of next to no weight stays short instead of being blown up.
/// </para>
/// <para>
/// <b>Start.</b> The last component of every head is not a feature: it gives each query the same score with position 0,
/// the start of the text. Queries that match nothing better attend there, as those of trained models do (attention sinks:
/// Xiao et al., Efficient Streaming Language Models with Attention Sinks, 2023).
/// </para>
/// <para>
/// <b>Values.</b> v is the token's word, as long as its weight: o is then a weighted sum of the words attended to.
/// </para>
/// <para>
/// Everything is float32 and float64 arithmetic of fixed order without library functions other than square roots: the same
/// bits on every machine. Rows are made in slices of fixed places, so memory is that of one slice and of the terms.
/// </para>
/// </remarks>
internal sealed class TextEncoder
{
    /// <summary>Rows per slice. Part of the recipe: mixing starts <see cref="Margin"/> tokens before a slice and ends as far after it.</summary>
    public const int SliceLength = 2048;

    /// <summary>Tokens around a slice that its contexts see.</summary>
    private const int Margin = 512;

    /// <summary>A question is short and all of it is meant: its tokens see each other at least this far.</summary>
    private const float QuestionReach = 6;

    /// <summary>How much of an ordinary context's squared length a key's length is damped by: enough that contexts of next to no weight stay short.</summary>
    private const double Damping = 0.03;

    /// <summary>How far back the word before a phrase's second word may stand, over marks and function words.</summary>
    private const int PhraseGap = 4;

    private readonly Lexicon _lexicon;
    private readonly TermCodes _codes;
    private readonly float[] _damping; // [head]: added to the squared length of contexts
    private readonly int _features; // components of a head that hold features

    public TextEncoder(Corpus corpus, Lexicon lexicon, IReadOnlyList<EncoderHead>? heads = null, int headDim = 64)
    {
        Corpus = TermRow.Of(corpus, lexicon);
        Heads = heads ?? EncoderHead.Default;
        HeadDim = headDim;
        _features = headDim - 1;
        _lexicon = lexicon;
        _codes = new TermCodes(lexicon, Heads, _features);
        double meanSquare = lexicon.MeanSquareWeight();
        _damping = [.. Heads.Select(h => h.Reach == 0 ? 0 : (float)(Damping * meanSquare * ContextMixer.MeanSquareGain(ContextMixer.Decay(h.Reach), h.LooksBackOnly)))];
    }

    public IReadOnlyList<EncoderHead> Heads { get; }

    public int HeadDim { get; }

    /// <summary>Elements of one token's row of q, k or v: heads × headDim.</summary>
    public int RowLength => Heads.Count * HeadDim;

    /// <summary>The text's terms by position.</summary>
    public TermRow Corpus { get; }

    /// <summary>Slices of the text.</summary>
    public int SliceCount => ((Corpus.Length - 1) / SliceLength) + 1;

    /// <summary>The positions of a slice.</summary>
    public (int First, int Count) Slice(int slice) =>
        (slice * SliceLength, Math.Min(SliceLength, Corpus.Length - (slice * SliceLength)));

    /// <summary>Keys and values of a slice of the text.</summary>
    /// <param name="slice">0 to <see cref="SliceCount"/> − 1.</param>
    /// <param name="k">Receives [count, heads, headDim].</param>
    /// <param name="v">Receives [count, heads, headDim].</param>
    public void KeysAndValues(int slice, Span<float> k, Span<float> v)
    {
        (int first, int count) = Slice(slice);
        for (int h = 0; h < Heads.Count; h++)
        {
            float[] contexts = Contexts(Corpus, h, first, count, Heads[h].Reach, Heads[h].KeyLag);
            for (int i = 0; i < count; i++)
            {
                Span<float> key = HeadOf(k, i, h);
                Span<float> value = HeadOf(v, i, h);
                ReadOnlySpan<float> context = contexts.AsSpan(i * _features, _features);
                context.CopyTo(key);
                float length = SignCode.Length(context);
                SignCode.Scale(key[.._features], length > 0 ? 1 / MathF.Sqrt((length * length) + _damping[h]) : 0);
                key[_features] = first + i == 0 ? 1 : 0;

                value.Clear();
                if (Corpus[first + i] is not TermRow.None and int term)
                {
                    _codes.AddWord(value[.._features], term, h, _lexicon[term].Weight);
                }
            }
        }
    }

    /// <summary>Queries of a slice of the text, for attention of the text to itself.</summary>
    /// <param name="slice">0 to <see cref="SliceCount"/> − 1.</param>
    /// <param name="q">Receives [count, heads, headDim].</param>
    public void Queries(int slice, Span<float> q)
    {
        (int first, int count) = Slice(slice);
        Queries(Corpus, first, count, static head => head.Reach, q);
    }

    /// <summary>Queries of a question's terms.</summary>
    /// <param name="terms">Terms of this text, or <see cref="TermRow.None"/> for words it does not hold.</param>
    /// <returns>[terms, heads, headDim].</returns>
    public float[] Question(IReadOnlyList<int> terms)
    {
        float[] q = new float[terms.Count * RowLength];
        Queries(TermRow.Of(terms), 0, terms.Count, static head => head.Reach is 0 || head.LooksBackOnly ? head.Reach : Math.Max(head.Reach, QuestionReach), q);
        return q;
    }

    private void Queries(TermRow terms, int first, int count, Func<EncoderHead, float> reach, Span<float> q)
    {
        float rootHeadDim = MathF.Sqrt(HeadDim);
        for (int h = 0; h < Heads.Count; h++)
        {
            float[] contexts = Contexts(terms, h, first, count, reach(Heads[h]), lag: 0);
            for (int i = 0; i < count; i++)
            {
                Span<float> query = HeadOf(q, i, h);
                ReadOnlySpan<float> context = contexts.AsSpan(i * _features, _features);
                context.CopyTo(query);
                float length = SignCode.Length(context);
                SignCode.Scale(query[.._features], length > 0 ? Heads[h].Sharpness * rootHeadDim / length : 0);
                query[_features] = Heads[h].SinkScore * rootHeadDim;
            }
        }
    }

    /// <summary>What a head sees around each of some positions: [count, features].</summary>
    private float[] Contexts(TermRow terms, int head, int first, int count, float reach, int lag)
    {
        int start = Math.Max(0, first - Margin);
        int end = Math.Min(terms.Length, first + count + Margin);
        float[] rows = new float[(end - start) * _features];
        for (int position = start; position < end; position++)
        {
            AddFeature(rows.AsSpan((position - start) * _features, _features), terms, position - lag, head);
        }

        if (reach > 0)
        {
            ContextMixer.Mix(rows, _features, ContextMixer.Decay(reach), Heads[head].LooksBackOnly);
        }

        return rows[((first - start) * _features)..((first - start + count) * _features)];
    }

    private void AddFeature(Span<float> row, TermRow terms, int position, int head)
    {
        if (position < 0 || terms[position] is TermRow.None)
        {
            return;
        }

        int term = terms[position];
        float weight = _lexicon[term].Weight;
        if (Heads[head].Feature != HeadFeature.Phrase)
        {
            ReadOnlySpan<float> code = _codes.Of(term, head);
            for (int i = 0; i < code.Length; i++)
            {
                row[i] = weight * code[i];
            }
        }
        else if (_lexicon[term].IsContent && ContentBefore(terms, position) is not TermRow.None and int before)
        {
            _codes.AddPhrase(row, before, term, head, 1);
        }
    }

    private int ContentBefore(TermRow terms, int position)
    {
        for (int back = 1; back <= PhraseGap && position - back >= 0; back++)
        {
            int term = terms[position - back];
            if (term is not TermRow.None && _lexicon[term].IsContent)
            {
                return term;
            }
        }

        return TermRow.None;
    }

    private Span<float> HeadOf(Span<float> rows, int row, int head) => rows.Slice((row * RowLength) + (head * HeadDim), HeadDim);
}
