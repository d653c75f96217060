using System.Runtime.CompilerServices;

namespace DistAttention;

/// <summary>What is wrong, as an interpolated text that is put together only where something is: every call is checked, and none should pay for words nobody reads.</summary>
[InterpolatedStringHandler]
internal ref struct ProblemText
{
    private DefaultInterpolatedStringHandler _text;

    /// <summary>Begins a text.</summary>
    /// <param name="literalLength">Characters between the values.</param>
    /// <param name="formattedCount">Values.</param>
    /// <param name="holds">The condition: no text is needed where it holds.</param>
    /// <param name="isWanted">Whether to put the text together.</param>
    public ProblemText(int literalLength, int formattedCount, bool holds, out bool isWanted)
    {
        isWanted = !holds;
        _text = holds ? default : new DefaultInterpolatedStringHandler(literalLength, formattedCount);
    }

    public void AppendLiteral(string value) => _text.AppendLiteral(value);

    public void AppendFormatted<T>(T value) => _text.AppendFormatted(value);

    public string ToStringAndClear() => _text.ToStringAndClear();
}
