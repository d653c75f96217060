using System.Globalization;

namespace DistAttention;

/// <summary>
/// A text that is a name with settings: <c>name</c>, <c>name:value</c> or <c>name:key=value,key,…</c>. Every error points
/// at the character that is wrong.
/// </summary>
public sealed class OptionText
{
    private readonly string _text;
    private readonly List<(string Key, int KeyAt, string? Value, int ValueAt)> _settings = [];

    private OptionText(string text, string name)
    {
        _text = text;
        Name = name;
    }

    /// <summary>What stands before the colon.</summary>
    public string Name { get; }

    /// <summary>Reads a text.</summary>
    /// <param name="text">The text.</param>
    /// <param name="names">The names there are.</param>
    public static OptionText Read(string text, params string[] names)
    {
        int colon = text.IndexOf(':', StringComparison.Ordinal);
        string name = colon < 0 ? text : text[..colon];
        OptionText option = new(text, name);
        if (!names.Contains(name))
        {
            string hint = NearestName.Of(name, names) is { } nearest ? $"; did you mean '{nearest}'?" : "";
            throw option.Wrong(0, $"{(name.Length == 0 ? "a name is missing" : $"'{name}' is not known")}: {string.Join(", ", names)} are{hint}");
        }

        for (int at = colon + 1; colon >= 0 && at <= text.Length;)
        {
            int comma = text.IndexOf(',', at);
            int end = comma < 0 ? text.Length : comma;
            int equals = text.IndexOf('=', at, end - at);
            if (end == at)
            {
                throw option.Wrong(at, "a setting is missing");
            }

            option._settings.Add(equals < 0 ? (text[at..end], at, null, at) : (text[at..equals], at, text[(equals + 1)..end], equals + 1));
            at = end + 1;
        }

        return option;
    }

    /// <summary>Refuses settings that are not among these, or stand twice.</summary>
    /// <param name="known">The settings there are.</param>
    public void Allow(params string[] known)
    {
        HashSet<string> seen = [];
        foreach ((string key, int at, string? _, int _) in _settings)
        {
            if (!known.Contains(key))
            {
                string hint = NearestName.Of(key, known) is { } nearest ? $"; did you mean '{nearest}'?" : known.Length == 0 ? "" : $"; {string.Join(", ", known)} are known";
                throw Wrong(at, known.Length == 0 ? $"'{Name}' takes no settings" : $"'{key}' is not a setting of '{Name}'{hint}");
            }

            if (!seen.Add(key))
            {
                throw Wrong(at, $"'{key}' stands twice");
            }
        }
    }

    /// <summary>The one setting of <c>name:value</c>, a file.</summary>
    public string File() => _settings is [{ Value: null } only] ? only.Key
        : _settings.Count == 0 ? throw Wrong(_text.Length, $"a file is needed: {Name}:FILE")
        : throw Wrong(_settings[_settings.Count > 1 ? 1 : 0].KeyAt, $"'{Name}' takes one file and nothing else");

    /// <summary>The first setting of <c>name:file,key=value,…</c>, the others being among these.</summary>
    /// <param name="others">The other settings there may be.</param>
    public string FirstFile(params string[] others)
    {
        if (_settings is not [{ Value: null } first, ..])
        {
            throw Wrong(_settings.Count == 0 ? _text.Length : _settings[0].KeyAt, $"a file is needed: {Name}:FILE");
        }

        Allow([first.Key, .. others]);
        return first.Key;
    }

    /// <summary>Whether a setting without a value stands there.</summary>
    /// <param name="key">The setting.</param>
    public bool Flag(string key)
    {
        if (Find(key) is not { } setting)
        {
            return false;
        }

        return setting.Value is null ? true : throw Wrong(setting.ValueAt, $"'{key}' takes no value");
    }

    /// <summary>The value of a setting; null if it does not stand there.</summary>
    /// <param name="key">The setting.</param>
    public string? Text(string key)
    {
        if (Find(key) is not { } setting)
        {
            return null;
        }

        return setting.Value is { Length: > 0 } value ? value : throw Wrong(setting.KeyAt + key.Length, $"'{key}' needs a value: {key}=…");
    }

    /// <summary>The same where it has to be there.</summary>
    /// <param name="key">The setting.</param>
    public string RequiredText(string key) => Text(key) ?? throw Wrong(_text.Length, $"'{Name}' needs {key}=…");

    /// <summary>A finite number.</summary>
    /// <param name="key">The setting.</param>
    public double? Number(string key)
    {
        if (Text(key) is not { } text)
        {
            return null;
        }

        return double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out double number) && double.IsFinite(number)
            ? number
            : throw Wrong(Find(key)!.Value.ValueAt, $"'{text}' is not a finite number");
    }

    /// <summary>The same where it has to be there.</summary>
    /// <param name="key">The setting.</param>
    public double RequiredNumber(string key) => Number(key) ?? throw Wrong(_text.Length, $"'{Name}' needs {key}=…");

    /// <summary>A whole number within bounds.</summary>
    /// <param name="key">The setting.</param>
    /// <param name="least">The least allowed.</param>
    /// <param name="most">The most allowed.</param>
    public long? WholeNumber(string key, long least, long most)
    {
        if (Text(key) is not { } text)
        {
            return null;
        }

        return long.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out long number) && number >= least && number <= most
            ? number
            : throw Wrong(Find(key)!.Value.ValueAt, $"'{text}' is not a whole number between {least} and {most}");
    }

    /// <summary>One of some words.</summary>
    /// <param name="key">The setting.</param>
    /// <param name="words">The words.</param>
    public string? Word(string key, params string[] words)
    {
        if (Text(key) is not { } text)
        {
            return null;
        }

        return words.Contains(text) ? text : throw Wrong(Find(key)!.Value.ValueAt, $"'{text}' is not one of {string.Join(", ", words)}");
    }

    /// <summary>An error at a place of the text.</summary>
    /// <param name="at">Index of the character.</param>
    /// <param name="problem">What is wrong there.</param>
    public FormatException Wrong(int at, string problem) => new($"'{_text}', character {at + 1}: {problem}");

    private (int KeyAt, string? Value, int ValueAt)? Find(string key)
    {
        foreach ((string known, int keyAt, string? value, int valueAt) in _settings)
        {
            if (known == key)
            {
                return (keyAt, value, valueAt);
            }
        }

        return null;
    }
}
