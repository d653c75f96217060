using System.Buffers;
using DistAttention.Kernels;

namespace DistAttention.Storage.Logs;

/// <summary>Pooled memory for the rows of one record: as they are stored, and widened. Float32 is one and the same.</summary>
internal sealed class RecordRows : IDisposable
{
    private readonly KvLayout _layout;
    private readonly int _keys; // floats
    private readonly int _values;
    private readonly float[] _floats; // K, then V
    private readonly byte[]? _bytes;

    public RecordRows(KvLayout layout, int count)
    {
        _layout = layout;
        _keys = checked(count * layout.NumHeadsKv * layout.HeadDim);
        _values = checked(count * layout.NumHeadsKv * layout.PackedHeadDimV);
        int length = checked((int)KvRows.ByteLength(layout, count));
        _floats = ArrayPool<float>.Shared.Rent(checked(_keys + _values));
        if (layout.KvType == KvDataType.Float32)
        {
            Payload = new FloatBytes(_floats).Memory[..length];
        }
        else
        {
            _bytes = ArrayPool<byte>.Shared.Rent(length);
            Payload = _bytes.AsMemory(0, length);
        }
    }

    /// <summary>Receives the rows as stored.</summary>
    public Memory<byte> Payload { get; }

    /// <summary>The first rows, widened. Valid until this is disposed.</summary>
    /// <param name="count">How many.</param>
    public (ReadOnlyMemory<float> K, ReadOnlyMemory<float> V) Rows(int count)
    {
        if (_bytes is not null)
        {
            KvRows.Decode(_layout, Payload.Span, _floats.AsSpan(0, _keys), _floats.AsSpan(_keys, _values));
        }

        return (
            _floats.AsMemory(0, count * _layout.NumHeadsKv * _layout.HeadDim),
            _floats.AsMemory(_keys, count * _layout.NumHeadsKv * _layout.PackedHeadDimV));
    }

    public void Dispose()
    {
        ArrayPool<float>.Shared.Return(_floats);
        if (_bytes is not null)
        {
            ArrayPool<byte>.Shared.Return(_bytes);
        }
    }
}
