using System.Text;
using DistAttention.Engine.TensorFiles;
using DistAttention.Http.Bodies;

namespace DistAttention.Http.Tensors;

/// <summary>Reads <see cref="MessagePackFormat"/>: maps, texts, whole numbers and binary data, and refuses everything else. No length is believed before it is bounded.</summary>
internal sealed class MessagePackReader(BodyBytes body) : TensorBodyReader(body)
{
    private const int MaxName = 256;
    private const int MaxText = 1 << 20;
    private const int MaxEntries = 256;

    private readonly byte[] _bytes = new byte[8];
    private long _entriesLeft;

    protected override async ValueTask<TensorHead?> ReadHeadAsync(CancellationToken cancellationToken)
    {
        while (true)
        {
            while (_entriesLeft == 0)
            {
                if (await Body.IsAtEndAsync(cancellationToken).ConfigureAwait(false))
                {
                    return null;
                }

                _entriesLeft = await MapAsync("a map of tensors", cancellationToken).ConfigureAwait(false);
            }

            _entriesLeft--;
            string name = await TextAsync(await TypeAsync(cancellationToken).ConfigureAwait(false), MaxName, "the name of a tensor", cancellationToken).ConfigureAwait(false);
            byte type = await TypeAsync(cancellationToken).ConfigureAwait(false);
            if (!IsText(type))
            {
                return await TensorAsync(name, await MapAsync(type, $"tensor {UntrustedText.Quote(name)}", cancellationToken).ConfigureAwait(false), cancellationToken).ConfigureAwait(false);
            }

            Texts[name] = await TextAsync(type, MaxText, $"option {UntrustedText.Quote(name)}", cancellationToken).ConfigureAwait(false);
        }
    }

    private async ValueTask<TensorHead> TensorAsync(string name, long entries, CancellationToken cancellationToken)
    {
        string title = $"tensor {UntrustedText.Quote(name)}";
        TensorDataType? type = null;
        long[]? shape = null;
        for (long i = 0; i < entries; i++)
        {
            string key = await TextAsync(await TypeAsync(cancellationToken).ConfigureAwait(false), MaxName, $"a key of {title}", cancellationToken).ConfigureAwait(false);
            switch (key)
            {
                case "dtype" when type is null:
                    type = TypeOf(await TextAsync(await TypeAsync(cancellationToken).ConfigureAwait(false), MaxName, $"the dtype of {title}", cancellationToken).ConfigureAwait(false), title);
                    break;
                case "shape" when shape is null:
                    shape = await ShapeAsync(title, cancellationToken).ConfigureAwait(false);
                    break;
                case "data" when type is { } known && shape is not null && i == entries - 1:
                    TensorHead head = new(name, new TensorLayout(known, shape, 0));
                    await DataAsync(head, cancellationToken).ConfigureAwait(false);
                    return head;
                default:
                    throw Error($"has {title} not as dtype, shape and then data, once each: {UntrustedText.Quote(key)}");
            }
        }

        throw Error($"has {title} without data");
    }

    private async ValueTask<long[]> ShapeAsync(string title, CancellationToken cancellationToken)
    {
        byte type = await TypeAsync(cancellationToken).ConfigureAwait(false);
        long rank = type switch
        {
            >= 0x90 and <= 0x9f => type & 0xf,
            0xdc => await BigEndianAsync(2, cancellationToken).ConfigureAwait(false),
            _ => throw Unexpected(type, $"the shape of {title}, an array"),
        };
        if (rank > TensorLayout.MaxRank)
        {
            throw Error($"declares more than {TensorLayout.MaxRank} dimensions of {title}");
        }

        long[] shape = new long[rank];
        for (int i = 0; i < rank; i++)
        {
            byte of = await TypeAsync(cancellationToken).ConfigureAwait(false);
            shape[i] = of switch
            {
                <= 0x7f => of,
                0xcc => await BigEndianAsync(1, cancellationToken).ConfigureAwait(false),
                0xcd => await BigEndianAsync(2, cancellationToken).ConfigureAwait(false),
                0xce => await BigEndianAsync(4, cancellationToken).ConfigureAwait(false),
                0xcf or 0xd3 => await BigEndianAsync(8, cancellationToken).ConfigureAwait(false),
                0xd1 => (short)await BigEndianAsync(2, cancellationToken).ConfigureAwait(false),
                0xd2 => (int)await BigEndianAsync(4, cancellationToken).ConfigureAwait(false),
                _ => throw Unexpected(of, $"a dimension of {title}, a whole number"),
            };
            if (shape[i] < 0)
            {
                throw Error($"declares a dimension of {title} that is negative or beyond any body");
            }
        }

        return shape;
    }

    private async ValueTask DataAsync(TensorHead head, CancellationToken cancellationToken)
    {
        byte type = await TypeAsync(cancellationToken).ConfigureAwait(false);
        long length = type switch
        {
            0xc4 => await BigEndianAsync(1, cancellationToken).ConfigureAwait(false),
            0xc5 => await BigEndianAsync(2, cancellationToken).ConfigureAwait(false),
            0xc6 => await BigEndianAsync(4, cancellationToken).ConfigureAwait(false),
            _ => throw Unexpected(type, $"the data of {head.Title}, binary"),
        };
        long needed = head.Layout.RequireBytes(Body);
        if (length != needed)
        {
            throw Error($"declares {head.Title} as {TensorLayout.Describe(head.Layout.Shape, head.Layout.Type)}, {needed:N0} bytes, but gives it {length:N0}");
        }
    }

    private async ValueTask<long> MapAsync(string what, CancellationToken cancellationToken) =>
        await MapAsync(await TypeAsync(cancellationToken).ConfigureAwait(false), what, cancellationToken).ConfigureAwait(false);

    private async ValueTask<long> MapAsync(byte type, string what, CancellationToken cancellationToken)
    {
        long entries = type switch
        {
            >= 0x80 and <= 0x8f => type & 0xf,
            0xde => await BigEndianAsync(2, cancellationToken).ConfigureAwait(false),
            0xdf => await BigEndianAsync(4, cancellationToken).ConfigureAwait(false),
            _ => throw Unexpected(type, $"{what}, a map"),
        };
        return entries <= MaxEntries ? entries : throw Error($"has {entries:N0} entries in {what}; at most {MaxEntries} are read");
    }

    private async ValueTask<string> TextAsync(byte type, int most, string what, CancellationToken cancellationToken)
    {
        long length = type switch
        {
            >= 0xa0 and <= 0xbf => type & 0x1f,
            0xd9 => await BigEndianAsync(1, cancellationToken).ConfigureAwait(false),
            0xda => await BigEndianAsync(2, cancellationToken).ConfigureAwait(false),
            0xdb => await BigEndianAsync(4, cancellationToken).ConfigureAwait(false),
            _ => throw Unexpected(type, $"{what}, a text"),
        };
        if (length > most)
        {
            throw Error($"has {length:N0} bytes in {what}; at most {most:N0} are read");
        }

        Body.RequireLeft(length, what);
        byte[] text = new byte[length];
        await Body.ReadExactlyAsync(text, what, cancellationToken).ConfigureAwait(false);
        return Encoding.UTF8.GetString(text);
    }

    private static bool IsText(byte type) => type is (>= 0xa0 and <= 0xbf) or (>= 0xd9 and <= 0xdb);

    private async ValueTask<byte> TypeAsync(CancellationToken cancellationToken)
    {
        await Body.ReadExactlyAsync(_bytes.AsMemory(0, 1), "a map of tensors", cancellationToken).ConfigureAwait(false);
        return _bytes[0];
    }

    private async ValueTask<long> BigEndianAsync(int bytes, CancellationToken cancellationToken)
    {
        await Body.ReadExactlyAsync(_bytes.AsMemory(0, bytes), "a number", cancellationToken).ConfigureAwait(false);
        ulong value = 0;
        foreach (byte next in _bytes.AsSpan(0, bytes))
        {
            value = (value << 8) | next;
        }

        return (long)value;
    }

    private TensorDataType TypeOf(string text, string title) => text switch
    {
        "float32" or "<f4" => TensorDataType.Float32,
        "float16" or "<f2" => TensorDataType.Float16,
        "bfloat16" => TensorDataType.BFloat16,
        "float64" or "<f8" => TensorDataType.Float64,
        "bool" or "|b1" => TensorDataType.Boolean,
        "uint8" or "|u1" => TensorDataType.UInt8,
        "int8" or "|i1" => TensorDataType.Int8,
        "int16" or "<i2" => TensorDataType.Int16,
        "int32" or "<i4" => TensorDataType.Int32,
        "int64" or "<i8" => TensorDataType.Int64,
        _ => throw Error($"holds {title} as {UntrustedText.Quote(text)}; float32, float16, bfloat16 and float64 are read, of masks also bool, uint8, int8, int16, int32 and int64"),
    };

    private TensorFileException Unexpected(byte type, string wanted) => Error($"has the byte 0x{type:x2} where {wanted}, should begin");
}
