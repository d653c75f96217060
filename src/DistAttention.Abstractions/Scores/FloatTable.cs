using System.Runtime.InteropServices;

namespace DistAttention;

/// <summary>
/// An immutable table of finite float32 numbers with a shape: the learned parts of a score. Two tables are equal when
/// shapes and numbers are; the hash is made once, so that comparing calls by their scores is cheap.
/// </summary>
public sealed class FloatTable : IEquatable<FloatTable>
{
    /// <summary>The most numbers a table may hold, so that it fits a message.</summary>
    public const int MaxLength = 1 << 20;

    /// <summary>The most dimensions.</summary>
    public const int MaxRank = 4;

    private readonly float[] _values;
    private readonly int[] _shape;
    private readonly int _hash;

    private FloatTable(float[] values, int[] shape)
    {
        _values = values;
        _shape = shape;
        HashCode hash = default;
        hash.AddBytes(MemoryMarshal.AsBytes<float>(values));
        hash.AddBytes(MemoryMarshal.AsBytes<int>(shape));
        _hash = hash.ToHashCode();
    }

    /// <summary>The numbers, row-major.</summary>
    public ReadOnlySpan<float> Values => _values;

    /// <summary>The dimensions.</summary>
    public ReadOnlySpan<int> Shape => _shape;

    /// <summary>The size of the largest number.</summary>
    public float LargestSize
    {
        get
        {
            float largest = 0;
            foreach (float value in _values)
            {
                largest = Math.Max(largest, Math.Abs(value));
            }

            return largest;
        }
    }

    /// <summary>Whether both hold the same numbers in the same shape.</summary>
    /// <param name="a">One table.</param>
    /// <param name="b">Another.</param>
    public static bool operator ==(FloatTable? a, FloatTable? b) => a is null ? b is null : a.Equals(b);

    /// <summary>Whether they differ in shape or in a number.</summary>
    /// <param name="a">One table.</param>
    /// <param name="b">Another.</param>
    public static bool operator !=(FloatTable? a, FloatTable? b) => !(a == b);

    /// <summary>Copies numbers into a table.</summary>
    /// <param name="values">Finite numbers, row-major.</param>
    /// <param name="shape">Dimensions, each at least 1; none means one dimension.</param>
    /// <exception cref="InvalidSpecException">Shape and numbers do not fit, or a number is not finite.</exception>
    public static FloatTable Of(ReadOnlySpan<float> values, params ReadOnlySpan<int> shape)
    {
        int[] dimensions = shape.IsEmpty ? [values.Length] : shape.ToArray();
        Ensure.That(dimensions.Length <= MaxRank, nameof(FloatTable), $"{dimensions.Length} dimensions are more than {MaxRank}");
        Ensure.That(Array.TrueForAll(dimensions, static d => d >= 1), nameof(FloatTable), $"the shape [{string.Join(", ", dimensions)}] has an empty dimension");
        Ensure.That(values.Length <= MaxLength, nameof(FloatTable), $"{values.Length} numbers are more than {MaxLength}");
        Ensure.That(
            dimensions.Aggregate(1L, static (product, d) => Math.Min(product * d, int.MaxValue)) == values.Length,
            nameof(FloatTable),
            $"{values.Length} numbers do not fill the shape [{string.Join(", ", dimensions)}]");
        for (int i = 0; i < values.Length; i++)
        {
            Ensure.That(float.IsFinite(values[i]), nameof(FloatTable), $"number {i} of [{string.Join(", ", dimensions)}] is not finite");
        }

        return new FloatTable(values.ToArray(), dimensions);
    }

    /// <inheritdoc/>
    public bool Equals(FloatTable? other) =>
        other is not null
        && (ReferenceEquals(this, other)
            || (_hash == other._hash
                && Shape.SequenceEqual(other.Shape)
                && MemoryMarshal.AsBytes(Values).SequenceEqual(MemoryMarshal.AsBytes(other.Values))));

    /// <inheritdoc/>
    public override bool Equals(object? obj) => Equals(obj as FloatTable);

    /// <inheritdoc/>
    public override int GetHashCode() => _hash;

    /// <summary>The shape: <c>[8, 64]</c>.</summary>
    public override string ToString() => $"[{string.Join(", ", _shape)}]";
}
