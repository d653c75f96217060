namespace DistAttention.Contracts;

/// <summary>A mask, score, spec or plan as MessagePack: what travels inside wire types.</summary>
/// <typeparam name="T">What is packed; one of the types <see cref="PackFormat"/> knows.</typeparam>
/// <param name="Bytes">The MessagePack bytes.</param>
[GenerateSerializer, Immutable, Alias("DistAttention.Packed`1")]
public readonly record struct Packed<T>([property: Id(0)] byte[] Bytes)
    where T : class
{
    /// <summary>The value, read anew with every call.</summary>
    /// <exception cref="CorruptPayloadException">The bytes are not such a value.</exception>
    public T Value => PackFormat.Read<T>(Bytes);
}

/// <summary>Makes <see cref="Packed{T}"/>.</summary>
public static class Packed
{
    /// <summary>Packs a value.</summary>
    /// <typeparam name="T">Its type.</typeparam>
    /// <param name="value">The value.</param>
    public static Packed<T> Of<T>(T value)
        where T : class => new(PackFormat.Write(value));
}
