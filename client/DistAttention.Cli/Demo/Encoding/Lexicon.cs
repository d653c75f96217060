using DistAttention.Cli.Demo.Documents;
using DistAttention.Cli.Demo.Tokens;

namespace DistAttention.Cli.Demo.Encoding;

/// <summary>
/// The terms of a text, numbered in the order in which they first appear, each with the weight that the text's own
/// statistics give it: 1 for what is rare, towards 0 for what stands everywhere (inverse document frequency over
/// segments of the text; Spärck Jones, 1972).
/// </summary>
internal sealed class Lexicon
{
    /// <summary>What is left of a function word's weight, and of a mark's.</summary>
    private const float FunctionWordFactor = 0.03f;

    private const float MinWeight = 0.002f;
    private const int MaxSegmentTokens = 48;
    private const int MinSegmentTokens = 8;
    private const int SegmentsWanted = 256;

    private readonly Dictionary<string, int> _ids = new(StringComparer.Ordinal);
    private readonly Dictionary<string, int> _byStem = new(StringComparer.Ordinal);
    private readonly List<Term> _terms = [];
    private readonly int[] _termOfToken;

    public Lexicon(Corpus corpus)
    {
        ReadOnlySpan<Token> tokens = corpus.Tokens;
        int segmentTokens = Math.Clamp(tokens.Length / SegmentsWanted, MinSegmentTokens, MaxSegmentTokens);
        int segments = ((tokens.Length - 1) / segmentTokens) + 1;
        List<int> lastSegment = [];
        List<int> segmentCount = [];
        _termOfToken = new int[tokens.Length];
        for (int i = 0; i < tokens.Length; i++)
        {
            int id = Add(corpus.TextOf(tokens[i]), tokens[i].Kind);
            _termOfToken[i] = id;
            if (id == lastSegment.Count)
            {
                lastSegment.Add(-1);
                segmentCount.Add(0);
            }

            if (lastSegment[id] != i / segmentTokens)
            {
                lastSegment[id] = i / segmentTokens;
                segmentCount[id]++;
            }
        }

        double rarest = StableMath.Log2(segments + 1);
        for (int id = 0; id < _terms.Count; id++)
        {
            Term term = _terms[id];
            double rarity = StableMath.Log2((segments + 1.0) / segmentCount[id]) / rarest;
            float factor = term.IsContent ? 1 : FunctionWordFactor;
            _terms[id] = term with { Weight = Math.Max((float)rarity * factor, MinWeight) };
            if (!_byStem.TryGetValue(term.Stem, out int other) || segmentCount[id] > segmentCount[other])
            {
                _byStem[term.Stem] = id;
            }
        }
    }

    /// <summary>Terms in all.</summary>
    public int Count => _terms.Count;

    public Term this[int id] => _terms[id];

    /// <summary>The term of a token of the corpus.</summary>
    public int TermOfToken(int token) => _termOfToken[token];

    /// <summary>The term of a word as written; null if the text does not hold it.</summary>
    public int? Find(ReadOnlySpan<char> word) => _ids.TryGetValue(WordForms.Fold(word), out int id) ? id : null;

    /// <summary>The most usual term with this stem; null if there is none.</summary>
    public int? FindStem(string stem) => _byStem.TryGetValue(stem, out int id) ? id : null;

    /// <summary>Mean of the squared weights over all tokens: what one random token adds to the squared length of a mix.</summary>
    public double MeanSquareWeight()
    {
        double sum = 0;
        foreach (int id in _termOfToken)
        {
            sum += (double)_terms[id].Weight * _terms[id].Weight;
        }

        return sum / _termOfToken.Length;
    }

    private int Add(ReadOnlySpan<char> text, TokenKind kind)
    {
        string folded = kind == TokenKind.Word ? WordForms.Fold(text) : text[..Math.Min(text.Length, 2)].ToString();
        if (!_ids.TryGetValue(folded, out int id))
        {
            id = _terms.Count;
            _ids.Add(folded, id);
            bool isContent = kind == TokenKind.Word && !FunctionWords.Contains(folded);
            string stem = kind == TokenKind.Word ? WordForms.Stem(folded) : folded;
            _terms.Add(new Term(folded, stem, WordForms.Parts(text.ToString()), isContent, 0));
        }

        return id;
    }
}

/// <summary>One term of a text.</summary>
/// <param name="Text">Folded.</param>
/// <param name="Stem">What its inflections share.</param>
/// <param name="Parts">The words an identifier is put together from; empty for a plain word.</param>
/// <param name="IsContent">Neither a mark nor a function word.</param>
/// <param name="Weight">How much it says, in (0, 1].</param>
internal sealed record Term(string Text, string Stem, IReadOnlyList<string> Parts, bool IsContent, float Weight);
