namespace DistAttention.Cli.Demo.Encoding;

/// <summary>What a head sees of one token.</summary>
internal enum HeadFeature
{
    /// <summary>The word itself: two words are the same or they are not.</summary>
    Word,

    /// <summary>Its runs of three and four characters: words spelled alike are alike.</summary>
    Spelling,

    /// <summary>Its stem together with the stem of the content word before it.</summary>
    Phrase,

    /// <summary>Word, stem, spelling and parts, mixed.</summary>
    Meaning,
}

/// <summary>What one head looks for.</summary>
/// <param name="Name">A word or two.</param>
/// <param name="About">What it matches, in half a line.</param>
/// <param name="Feature">What it sees of one token.</param>
/// <param name="Reach">A neighbour's share falls by 1/e in this many tokens; 0: the token alone.</param>
/// <param name="LooksBackOnly">Whether only tokens before it are mixed in.</param>
/// <param name="KeyLag">How many tokens later a key stands than what it describes: 1 finds what followed the like.</param>
/// <param name="Sharpness">The score of a perfect match: large enough that one match outweighs all chance likenesses of a long text.</param>
/// <param name="SinkScore">The score that the start of the text has for every query: what is less alike than this is left to it.</param>
internal sealed record EncoderHead(
    string Name,
    string About,
    HeadFeature Feature,
    float Reach,
    bool LooksBackOnly,
    int KeyLag,
    float Sharpness,
    float SinkScore)
{
    /// <summary>The eight heads of the demo.</summary>
    public static IReadOnlyList<EncoderHead> Default { get; } =
    [
        new("word", "the same word", HeadFeature.Word, 0, false, 0, 30, 20),
        new("spelling", "words spelled alike", HeadFeature.Spelling, 0, false, 0, 30, 20),
        new("phrase", "the same two words in a row", HeadFeature.Phrase, 0, false, 0, 30, 20),
        new("follows", "what comes after like words", HeadFeature.Meaning, 1.5f, true, 1, 30, 20),
        new("clause", "passages alike within 5 tokens", HeadFeature.Meaning, 5, false, 0, 30, 17),
        new("sentence", "passages alike within 12 tokens", HeadFeature.Meaning, 12, false, 0, 30, 15),
        new("paragraph", "passages alike within 24 tokens", HeadFeature.Meaning, 24, false, 0, 30, 12),
        new("section", "passages alike within 40 tokens", HeadFeature.Meaning, 40, false, 0, 30, 12),
    ];
}
