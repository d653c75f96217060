using System.Diagnostics.CodeAnalysis;

namespace DistAttention;

/// <summary>The name of a sequence: 1 to 256 characters out of letters, digits and <c>. _ - / :</c>.</summary>
public readonly record struct SequenceId : IParsable<SequenceId>
{
    /// <summary>The longest name accepted, in characters.</summary>
    public const int MaxLength = 256;

    private readonly string? _value;

    /// <summary>Makes an id of a name.</summary>
    /// <param name="value">The name.</param>
    /// <exception cref="InvalidSpecException">The name is empty, too long or holds another character.</exception>
    public SequenceId(string value)
    {
        _value = Problem(value) is { } problem ? throw new InvalidSpecException(nameof(SequenceId), problem) : value;
    }

    /// <summary>The name.</summary>
    public string Value => _value ?? "";

    /// <summary>Makes an id of a name.</summary>
    /// <param name="value">The name.</param>
    public static implicit operator SequenceId(string value) => new(value);

    /// <inheritdoc/>
    public static SequenceId Parse(string s, IFormatProvider? provider = null) => new(s);

    /// <inheritdoc/>
    public static bool TryParse([NotNullWhen(true)] string? s, IFormatProvider? provider, out SequenceId result)
    {
        bool valid = Problem(s) is null;
        result = valid ? new SequenceId(s!) : default;
        return valid;
    }

    /// <inheritdoc/>
    public override string ToString() => Value;

    private static string? Problem(string? value)
    {
        if (string.IsNullOrEmpty(value))
        {
            return "a sequence needs a name";
        }

        if (value.Length > MaxLength)
        {
            return $"the name has {value.Length} characters; at most {MaxLength} are allowed";
        }

        foreach (char c in value)
        {
            if (!char.IsAsciiLetterOrDigit(c) && c is not ('.' or '_' or '-' or '/' or ':'))
            {
                return $"'{c}' is not allowed in a name; letters, digits and . _ - / : are";
            }
        }

        return null;
    }
}
