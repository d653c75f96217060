namespace DistAttention;

/// <summary>
/// The text form of masks:
/// <code>
/// mask  = all { "|" all }        all = one { "&amp;" one }        one = "!" one | "(" mask ")" | term
/// term  = name [ ":" value { "," value } ]        value = [ key "=" ] ( text | '"' text '"' )
/// </code>
/// Spaces are allowed between all of these.
/// </summary>
internal sealed class MaskParser
{
    private readonly string _text;
    private readonly IMaskFiles? _files;
    private int _at;
    private int _depth;

    private MaskParser(string text, IMaskFiles? files)
    {
        _text = text;
        _files = files;
    }

    public static AttentionMask Parse(string text, IMaskFiles? files)
    {
        ArgumentNullException.ThrowIfNull(text);
        MaskParser parser = new(text, files);
        AttentionMask mask = parser.Any();
        return parser.Peek() == '\0' ? mask : throw parser.Error(parser._at, $"unexpected '{parser._text[parser._at]}'; masks are joined by & or |");
    }

    private AttentionMask Any()
    {
        List<AttentionMask> masks = [All()];
        while (Take('|'))
        {
            masks.Add(All());
        }

        return UnionMask.Of([.. masks]);
    }

    private AttentionMask All()
    {
        List<AttentionMask> masks = [One()];
        while (Take('&'))
        {
            masks.Add(One());
        }

        return IntersectionMask.Of([.. masks]);
    }

    private AttentionMask One()
    {
        if (++_depth > AttentionMask.MaxDepth)
        {
            throw Error(_at, $"more than {AttentionMask.MaxDepth} masks inside each other");
        }

        AttentionMask mask;
        int open = _at;
        if (Take('!') || Take('~'))
        {
            mask = ~One();
        }
        else if (Take('('))
        {
            open = _at - 1;
            mask = Any();
            if (!Take(')'))
            {
                throw Error(_at, $"expected ')' for the '(' at character {open + 1}, found {Found()}");
            }
        }
        else
        {
            mask = Term();
        }

        _depth--;
        return mask;
    }

    private AttentionMask Term()
    {
        Peek();
        int start = _at;
        while (_at < _text.Length && (char.IsAsciiLetterOrDigit(_text[_at]) || _text[_at] is '-' or '_'))
        {
            _at++;
        }

        string name = _text[start.._at];
        if (name.Length == 0)
        {
            throw Error(start, $"expected a mask, found {Found()}");
        }

        if (!MaskTerms.IsKnown(name))
        {
            throw Error(start, $"'{name}' is no mask; {MaskTerms.Suggestion(name)}");
        }

        MaskArguments arguments = new(_text, start, name, Take(':') ? Values() : []);
        try
        {
            return MaskTerms.Make(name, arguments, _files);
        }
        catch (InvalidSpecException e)
        {
            throw Error(arguments.PositionOf(e.Property), $"{e.Property}: {e.Problem}");
        }
    }

    private List<MaskValue> Values()
    {
        List<MaskValue> values = [];
        do
        {
            values.Add(Value());
        }
        while (Take(','));

        return values;
    }

    private MaskValue Value()
    {
        Peek();
        int start = _at;
        string? key = null;
        int end = start;
        while (end < _text.Length && MaskText.IsPlain(_text[end]))
        {
            if (_text[end] == '=')
            {
                key = _text[start..end];
                _at = end + 1;
                Peek();
                break;
            }

            end++;
        }

        int from = _at;
        if (_at < _text.Length && _text[_at] == '"')
        {
            int close = _text.IndexOf('"', _at + 1);
            if (close < 0)
            {
                throw Error(_at, "this quote is never closed");
            }

            _at = close + 1;
            return new MaskValue(key, _text[(from + 1)..close], start, from);
        }

        while (_at < _text.Length && MaskText.IsPlain(_text[_at]))
        {
            _at++;
        }

        return _at > from ? new MaskValue(key, _text[from.._at], start, from) : throw Error(from, $"expected a value, found {Found()}");
    }

    /// <summary>The next character that is no space; '\0' at the end.</summary>
    private char Peek()
    {
        while (_at < _text.Length && char.IsWhiteSpace(_text[_at]))
        {
            _at++;
        }

        return _at < _text.Length ? _text[_at] : '\0';
    }

    private bool Take(char c)
    {
        if (Peek() != c)
        {
            return false;
        }

        _at++;
        return true;
    }

    private string Found() => Peek() == '\0' ? "the end" : $"'{_text[_at]}'";

    private MaskSyntaxException Error(int at, string problem) => new(_text, at, problem);
}
