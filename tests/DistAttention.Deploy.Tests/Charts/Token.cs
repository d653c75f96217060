namespace DistAttention.Deploy.Tests.Charts;

/// <summary>What a piece of a template is.</summary>
internal enum TokenKind
{
    /// <summary>Text outside of actions, as it is.</summary>
    Text,

    /// <summary><c>{{</c>.</summary>
    Open,

    /// <summary><c>}}</c>.</summary>
    Close,

    /// <summary>A keyword or a function.</summary>
    Word,

    /// <summary><c>.name</c>; the dot alone is one with an empty name.</summary>
    Field,

    /// <summary><c>$name</c>; the dollar alone is one with an empty name.</summary>
    Variable,

    /// <summary>A string, unescaped.</summary>
    String,

    /// <summary>An integer.</summary>
    Number,

    /// <summary>One of <c>( ) | , := =</c>.</summary>
    Sign,
}

/// <summary>A piece of a template.</summary>
/// <param name="Kind">What it is.</param>
/// <param name="Text">Its text or name.</param>
/// <param name="IsAttached">Whether nothing stands between it and the token before.</param>
internal readonly record struct Token(TokenKind Kind, string Text, bool IsAttached = false);
