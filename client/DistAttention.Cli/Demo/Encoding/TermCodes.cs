namespace DistAttention.Cli.Demo.Encoding;

/// <summary>
/// The vectors of terms, one per head, because every head hashes with a seed of its own: what two words have in common
/// by chance in one head they do not have in another. Made once per term.
/// </summary>
internal sealed class TermCodes
{
    // Shares of the mix that HeadFeature.Meaning sees. A word and its inflection meet with a cosine of about 0.7.
    private const float WordShare = 0.5f;
    private const float StemShare = 0.65f;
    private const float SpellingShare = 0.45f;
    private const float PartShare = 0.45f;

    private const int MaxSpelledCharacters = 64;

    private readonly Lexicon _lexicon;
    private readonly int _dimensions;
    private readonly float[]?[] _codes; // [term × head]: [dimensions]
    private readonly ulong[] _wordHashes; // [term]
    private readonly ulong[] _stemHashes; // [term]
    private readonly IReadOnlyList<EncoderHead> _heads;

    public TermCodes(Lexicon lexicon, IReadOnlyList<EncoderHead> heads, int dimensions)
    {
        _lexicon = lexicon;
        _heads = heads;
        _dimensions = dimensions;
        _codes = new float[]?[lexicon.Count * heads.Count];
        _wordHashes = new ulong[lexicon.Count];
        _stemHashes = new ulong[lexicon.Count];
        for (int term = 0; term < lexicon.Count; term++)
        {
            _wordHashes[term] = StableHash.Of(lexicon[term].Text, kind: 1);
            _stemHashes[term] = StableHash.Of(lexicon[term].Stem, kind: 2);
        }
    }

    /// <summary>What a head sees of a term: a vector [dimensions] of length 1.</summary>
    public ReadOnlySpan<float> Of(int term, int head) => _codes[(term * _heads.Count) + head] ??= Make(term, head);

    /// <summary>Adds a head's code of two terms in a row.</summary>
    public void AddPhrase(Span<float> vector, int before, int term, int head, float weight) =>
        SignCode.Add(vector, StableHash.Pair(Seed(head), StableHash.Pair(_stemHashes[before], _stemHashes[term])), weight);

    /// <summary>Adds a head's code of the word alone, whatever else the head sees.</summary>
    public void AddWord(Span<float> vector, int term, int head, float weight) =>
        SignCode.Add(vector, StableHash.Pair(Seed(head), _wordHashes[term]), weight);

    private float[] Make(int term, int head)
    {
        float[] code = new float[_dimensions];
        switch (_heads[head].Feature)
        {
            case HeadFeature.Word:
                AddWord(code, term, head, 1);
                break;
            case HeadFeature.Spelling:
                AddSpelling(code, _lexicon[term].Text, head, 1);
                break;
            case HeadFeature.Meaning:
                AddWord(code, term, head, WordShare);
                SignCode.Add(code, StableHash.Pair(Seed(head), _stemHashes[term]), StemShare);
                AddSpelling(code, _lexicon[term].Text, head, SpellingShare);
                foreach (string part in _lexicon[term].Parts)
                {
                    SignCode.Add(code, StableHash.Pair(Seed(head), StableHash.Of(WordForms.Stem(part), kind: 2)), PartShare);
                }

                break;
            case HeadFeature.Phrase:
                break; // made per pair
        }

        float length = SignCode.Length(code);
        if (length > 0)
        {
            SignCode.Scale(code, 1 / length);
        }

        return code;
    }

    /// <summary>Adds the runs of three and four characters of "‹word›", together about <paramref name="share"/> long.</summary>
    private void AddSpelling(Span<float> code, string word, int head, float share)
    {
        string bounded = $"\u0002{word.AsSpan(0, Math.Min(word.Length, MaxSpelledCharacters))}\u0003";
        int runs = Math.Max(1, bounded.Length - 2) + Math.Max(0, bounded.Length - 3);
        float each = share / MathF.Sqrt(runs);
        for (int length = 3; length <= 4; length++)
        {
            for (int start = 0; start + length <= bounded.Length; start++)
            {
                SignCode.Add(code, StableHash.Pair(Seed(head), StableHash.Of(bounded.AsSpan(start, length), kind: 3)), each);
            }
        }
    }

    private static ulong Seed(int head) => StableHash.Mix((ulong)head + 1);
}
