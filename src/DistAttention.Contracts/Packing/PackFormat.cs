using MessagePack;
using MessagePack.Formatters;
using MessagePack.Resolvers;

namespace DistAttention.Contracts;

/// <summary>MessagePack as this project uses it: formatters written here and nothing else, for data that nobody vouches for.</summary>
public static class PackFormat
{
    private static readonly MessagePackSerializerOptions _options = new MessagePackSerializerOptions(
        CompositeResolver.Create(
            (IMessagePackFormatter[])[new MaskFormatter(), new ScoreFormatter(), new SpecFormatter(), new PlanFormatter()],
            [BuiltinResolver.Instance]))
        .WithSecurity(MessagePackSecurity.UntrustedData);

    /// <summary>Writes a value.</summary>
    /// <typeparam name="T">Its type.</typeparam>
    /// <param name="value">The value.</param>
    public static byte[] Write<T>(T value) => MessagePackSerializer.Serialize(value, _options);

    /// <summary>Reads a value.</summary>
    /// <typeparam name="T">Its type.</typeparam>
    /// <param name="bytes">The bytes, all of them.</param>
    /// <exception cref="CorruptPayloadException">They are not such a value.</exception>
    /// <exception cref="InvalidSpecException">They are one that is impossible.</exception>
    public static T Read<T>(ReadOnlyMemory<byte> bytes)
    {
        try
        {
            T? value = MessagePackSerializer.Deserialize<T?>(bytes, _options, out int read);
            return value is not null && read == bytes.Length ? value : throw new CorruptPayloadException($"not one packed {typeof(T).Name}, and nothing else");
        }
        catch (MessagePackSerializationException e)
        {
            throw e.InnerException as DistAttentionException
                ?? new CorruptPayloadException($"not a packed {typeof(T).Name}: {(e.InnerException ?? e).Message}");
        }
    }
}
