using System.Buffers;
using System.Runtime.InteropServices;
using DistAttention.Contracts;
using DistAttention.Testing;
using Orleans.Serialization.Buffers;

namespace DistAttention.Fuzz.Targets.Wire;

/// <summary>A tensor's header and bytes inside a field that is as long as they are, or says it is longer: the tensor that was sent, or refused.</summary>
internal sealed class TensorPayloadTarget : FuzzTarget
{
    private const int HeaderAndShape = 16 + (2 * sizeof(int));

    private readonly float[] _values = new SeededData(7).Normal(20);
    private readonly byte[] _field; // what stands before the length
    private readonly byte[] _good;
    private readonly Mutator _mutator;
    private byte[] _message = [];

    public TensorPayloadTarget()
    {
        byte[] sent = WireFormat.Serializer.SerializeToArray(new TensorPayload(_values, 4, 5));
        int start = sent.AsSpan().IndexOf(MemoryMarshal.AsBytes(_values.AsSpan())) - HeaderAndShape;
        _good = sent[start..(start + HeaderAndShape + (_values.Length * sizeof(float)))];
        _field = sent[..(start - 1)]; // a length below 128 takes one byte
        _mutator = new Mutator([_good]);
    }

    /// <summary>The first byte says how much longer the field claims to be.</summary>
    public override byte[] Make(Random chance) => [(byte)(chance.Next(8) == 0 ? chance.Next(256) : 0), .. _mutator.Make(chance)];

    public override void Place(byte[] input)
    {
        ReadOnlySpan<byte> tensor = input.AsSpan(Math.Min(1, input.Length));
        ArrayBufferWriter<byte> buffer = new();
        using Orleans.Serialization.Session.SerializerSession session = WireFormat.Serializer.SessionPool.GetSession();
        Writer<ArrayBufferWriter<byte>> writer = Writer.Create(buffer, session);
        writer.Write(_field);
        writer.WriteVarUInt32((uint)tensor.Length + (input is [> 0, ..] ? 1u << (input[0] % 32) : 0));
        writer.Write(tensor);
        writer.Commit();
        _message = buffer.WrittenSpan.ToArray();
    }

    public override void Read(byte[] input)
    {
        using TensorPayload payload = WireFormat.Serializer.Deserialize<TensorPayload>(_message)!;
        ReadOnlyMemory<float> floats = payload.Floats("it", 4, 5);
        Require(floats.Span.SequenceEqual(_values), "a tensor that was never sent");
    }
}
