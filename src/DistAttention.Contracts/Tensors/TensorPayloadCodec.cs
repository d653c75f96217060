using System.Buffers;
using System.Diagnostics.CodeAnalysis;
using System.Runtime.InteropServices;
using Orleans.Serialization.Buffers;
using Orleans.Serialization.Cloning;
using Orleans.Serialization.Codecs;
using Orleans.Serialization.WireProtocol;

namespace DistAttention.Contracts;

/// <summary>Writes and reads <see cref="TensorPayload"/>: header, then the elements as they lie in memory.</summary>
[RegisterSerializer]
internal sealed class TensorPayloadCodec : IFieldCodec<TensorPayload>
{
    public void WriteField<TBufferWriter>(ref Writer<TBufferWriter> writer, uint fieldIdDelta, [AllowNull] Type expectedType, [AllowNull] TensorPayload value)
        where TBufferWriter : IBufferWriter<byte>
    {
        if (ReferenceCodec.TryWriteReferenceField(ref writer, fieldIdDelta, expectedType, value))
        {
            return;
        }

        ArgumentNullException.ThrowIfNull(value);
        value.BeginSending();
        ReadOnlySpan<byte> bytes = value.Bytes;
        TensorHeader header = new(value.Element, value.Shape, bytes);
        Span<byte> head = stackalloc byte[TensorHeader.LengthOf(TensorHeader.MaxRank)];
        header.Write(head);
        writer.WriteFieldHeader(fieldIdDelta, expectedType, typeof(TensorPayload), WireType.LengthPrefixed);
        writer.WriteVarUInt32((uint)(header.Length + bytes.Length));
        writer.Write(head[..header.Length]);
        writer.Write(bytes);
        value.EndSending();
    }

    public TensorPayload ReadValue<TInput>(ref Reader<TInput> reader, Field field)
    {
        if (field.WireType == WireType.Reference)
        {
            return ReferenceCodec.ReadReference<TensorPayload, TInput>(ref reader, field)!;
        }

        field.EnsureWireType(WireType.LengthPrefixed);
        uint placeholder = ReferenceCodec.CreateRecordPlaceholder(reader.Session);
        long length = reader.ReadVarUInt32();
        int fixedLength = TensorHeader.LengthOf(0);
        if (length < fixedLength || length > reader.Length - reader.Position)
        {
            throw new CorruptPayloadException($"it declares {length} bytes, and {reader.Length - reader.Position} are there");
        }

        Span<byte> head = stackalloc byte[TensorHeader.LengthOf(TensorHeader.MaxRank)];
        reader.ReadBytes(head[..fixedLength]);
        int rank = TensorHeader.ReadRank(head);
        int headLength = TensorHeader.LengthOf(rank);
        if (length < headLength)
        {
            throw new CorruptPayloadException("it ends inside its header");
        }

        reader.ReadBytes(head[fixedLength..headLength]);
        Span<int> shape = stackalloc int[TensorHeader.MaxRank];
        TensorHeader header = TensorHeader.Read(head, shape[..rank], length - headLength);
        TensorPayload payload = header.Element == TensorElement.Float32 ? ReadFloats(ref reader, header) : ReadLongs(ref reader, header);
        ReferenceCodec.RecordObject(reader.Session, payload, placeholder);
        return payload;
    }

    private static TensorPayload ReadFloats<TInput>(ref Reader<TInput> reader, scoped TensorHeader header)
    {
        int count = header.ByteLength / sizeof(float);
        float[] rented = ArrayPool<float>.Shared.Rent(count);
        Span<byte> bytes = MemoryMarshal.AsBytes(rented.AsSpan(0, count));
        try
        {
            reader.ReadBytes(bytes);
            header.Verify(bytes);
        }
        catch
        {
            ArrayPool<float>.Shared.Return(rented);
            throw;
        }

        return TensorPayload.OfRented(rented, count, header.Shape);
    }

    private static TensorPayload ReadLongs<TInput>(ref Reader<TInput> reader, scoped TensorHeader header)
    {
        long[] values = GC.AllocateUninitializedArray<long>(header.ByteLength / sizeof(long));
        Span<byte> bytes = MemoryMarshal.AsBytes(values.AsSpan());
        reader.ReadBytes(bytes);
        header.Verify(bytes);
        return new TensorPayload(values, header.Shape);
    }
}

/// <summary>Payloads are immutable, so a call inside a silo passes them on as they are.</summary>
[RegisterCopier]
internal sealed class TensorPayloadCopier : ShallowCopier<TensorPayload>
{
}
