using System.Globalization;

namespace DistAttention;

/// <summary>One value of a term.</summary>
/// <param name="Key">Its key; null where it has none.</param>
/// <param name="Text">The value.</param>
/// <param name="Start">Where it starts, key included.</param>
/// <param name="At">Where the value itself starts.</param>
internal sealed record MaskValue(string? Key, string Text, int Start, int At);

/// <summary>The values of one term, taken one by one; what is left over in the end is an error.</summary>
internal sealed class MaskArguments(string text, int start, string name, List<MaskValue> values)
{
    private readonly List<MaskValue> _left = [.. values];
    private readonly List<string> _keys = [];

    /// <summary>The value of a key, or else the next value without one.</summary>
    public MaskValue? Take(string key)
    {
        _keys.Add(key);
        MaskValue? value = _left.Find(v => v.Key == key) ?? _left.Find(static v => v.Key is null);
        if (value is not null)
        {
            _left.Remove(value);
        }

        return value;
    }

    /// <summary>The value of a key, which has to be given.</summary>
    public MaskValue? TakeNamed(string key)
    {
        _keys.Add(key);
        MaskValue? value = _left.Find(v => v.Key == key);
        if (value is not null)
        {
            _left.Remove(value);
        }

        return value;
    }

    public MaskValue Require(string key) => Take(key) ?? throw new MaskSyntaxException(text, start + name.Length, $"'{name}' needs {key}");

    /// <summary>Whether a word stands there.</summary>
    public bool Flag(string word)
    {
        _keys.Add(word);
        return _left.RemoveAll(v => v.Key is null && v.Text == word) > 0;
    }

    public long Number(string key) => Whole(Require(key));

    public long? NumberOrNull(string key) => Take(key) is { } value ? Whole(value) : null;

    public long? NamedNumber(string key) => TakeNamed(key) is { } value ? Whole(value) : null;

    public int Int(string key) => Int(Require(key));

    public int? NamedInt(string key) => TakeNamed(key) is { } value ? Int(value) : null;

    /// <summary>A number, or the word all for null.</summary>
    public long? Reach(MaskValue value) => value.Text == "all" ? null : Whole(value);

    public ulong Seed(string key) => Take(key) is not { } value
        ? 0
        : ulong.TryParse(value.Text, NumberStyles.None, CultureInfo.InvariantCulture, out ulong seed) ? seed : throw Wrong(value, "is not a seed");

    /// <summary>"0;17;20-31".</summary>
    public PositionSet Positions(MaskValue value)
    {
        List<PositionRange> ranges = [];
        int at = value.At;
        foreach (string part in value.Text.Split(';'))
        {
            string[] ends = part.Split('-');
            if (ends.Length > 2 || !long.TryParse(ends[0], NumberStyles.None, CultureInfo.InvariantCulture, out long first)
                || !long.TryParse(ends[^1], NumberStyles.None, CultureInfo.InvariantCulture, out long last) || last < first)
            {
                throw new MaskSyntaxException(text, at, $"'{part}' is no position and no range of them such as 20-31");
            }

            ranges.Add(new PositionRange(first, last + 1));
            at += part.Length + 1;
        }

        return PositionSet.FromRanges(ranges);
    }

    /// <summary>Two numbers such as 64x128, or one that stands for both.</summary>
    public (long? First, long? Second) Pair(MaskValue value)
    {
        string[] parts = value.Text.Split('x');
        if (parts.Length > 2)
        {
            throw Wrong(value, "is not a number or two such as 7x5");
        }

        long? first = Reach(value with { Text = parts[0] });
        return (first, parts.Length == 1 ? first : Reach(value with { Text = parts[1], At = value.At + parts[0].Length + 1 }));
    }

    public int Int(MaskValue value) => Whole(value) is >= int.MinValue and <= int.MaxValue and long number ? (int)number : throw Wrong(value, "is too large");

    public long Whole(MaskValue value) =>
        long.TryParse(value.Text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out long number) ? number : throw Wrong(value, "is not a whole number");

    public MaskSyntaxException Wrong(MaskValue value, string problem) => new(text, value.At, $"'{value.Text}' {problem}");

    /// <summary>An error about the value with some text.</summary>
    public MaskSyntaxException ErrorAt(string valueText, string problem) => Wrong(values.First(v => v.Text == valueText), problem);

    /// <summary>Where a property was given, or else the term.</summary>
    public int PositionOf(string property) =>
        values.Find(v => v.Key is not null && property.Contains(v.Key, StringComparison.OrdinalIgnoreCase))?.At
        ?? (values.Count > 0 ? values[0].At : start);

    /// <summary>Refuses values that nobody took.</summary>
    public void End()
    {
        if (_left.Count == 0)
        {
            return;
        }

        MaskValue first = _left.MinBy(static v => v.Start)!;
        string takes = _keys.Count == 0 ? $"'{name}' takes no values" : $"'{name}' takes {string.Join(", ", _keys)}";
        throw new MaskSyntaxException(text, first.Start, first.Key is not null ? $"'{first.Key}' is not one of its values; {takes}" : $"unexpected '{first.Text}'; {takes}");
    }
}
