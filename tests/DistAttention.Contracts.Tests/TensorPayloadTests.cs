using System.Runtime.InteropServices;

namespace DistAttention.Contracts.Tests;

public sealed class TensorPayloadTests
{
    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(3)]
    [InlineData(1000)]
    [InlineData(300_000)]
    public void FloatsComeBackBitForBit(int count)
    {
        float[] values = new SeededData(1).Normal(count);
        if (count > 2)
        {
            (values[0], values[1], values[2]) = (-0f, float.NegativeInfinity, BitConverter.Int32BitsToSingle(0x7fc0_1234));
        }

        using TensorPayload back = Wire.Send(new TensorPayload(values, count, 1));
        ReadOnlyMemory<float> floats = back.Floats("it", count, 1);
        Assert.True(MemoryMarshal.AsBytes(values.AsSpan()).SequenceEqual(MemoryMarshal.AsBytes(floats.Span)));
        Assert.Equal(count * sizeof(float), back.ByteLength);
    }

    [Fact]
    public void IntegersAndEmptyShapesComeBack()
    {
        TensorPayload back = Wire.Send(new TensorPayload((long[])[1, -1, long.MinValue], 3));
        Assert.Equal([1, -1, long.MinValue], back.Longs("it", 3).ToArray());
        Assert.Equal(0, Wire.Send(new TensorPayload(ReadOnlyMemory<float>.Empty, 5, 0, 7)).Floats("it", 5, 0, 7).Length);
        Assert.Equal(0, Wire.Send(TensorPayload.Empty).ByteLength);
    }

    [Fact]
    public void AnythingElseThanWhatWasAskedForIsRefused()
    {
        TensorPayload back = Wire.Send(new TensorPayload(new float[12], 3, 4));
        Assert.Contains("[4, 3]", Assert.Throws<CorruptPayloadException>(() => back.Floats("q", 4, 3)).Problem, StringComparison.Ordinal);
        Assert.Throws<CorruptPayloadException>(() => back.Longs("q", 3, 4));
        Assert.Throws<ArgumentException>(() => new TensorPayload(new float[12], 5, 4));
    }

    [Fact]
    public void EveryFlippedBitIsNoticed()
    {
        float[] values = new SeededData(2).Normal(5);
        byte[] sent = Wire.Serializer.SerializeToArray(new TensorPayload(values, 5));
        int start = sent.AsSpan().IndexOf(MemoryMarshal.AsBytes(values.AsSpan()));
        const int HeaderBytes = 20;
        Assert.True(start > HeaderBytes);
        for (int bit = (start - HeaderBytes) * 8; bit < (start + (5 * sizeof(float))) * 8; bit++)
        {
            // Two reserved bytes say nothing yet.
            if (bit / 8 - (start - HeaderBytes) is 6 or 7)
            {
                continue;
            }

            byte[] flipped = (byte[])sent.Clone();
            flipped[bit / 8] ^= (byte)(1 << (bit % 8));
            Assert.Throws<CorruptPayloadException>(() => Wire.Serializer.Deserialize<TensorPayload>(flipped));
        }
    }

    [Fact]
    public void WhatIsCutShortIsRefusedBeforeItIsAllocated()
    {
        byte[] sent = Wire.Serializer.SerializeToArray(new TensorPayload(new float[1 << 20], 1 << 20));
        long before = GC.GetAllocatedBytesForCurrentThread();
        Assert.Throws<CorruptPayloadException>(() => Wire.Serializer.Deserialize<TensorPayload>(sent.AsSpan(0, 1000).ToArray()));
        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, 1 << 19);
    }

    [Fact]
    public void MemoryThatWasGivenAwayIsNotSentAgain()
    {
        int given = 0;
        TensorPayload once = TensorPayload.SentOnce(new float[4], () => given++, 4);
        Assert.Equal(4, Wire.Send(once).Floats("it", 4).Length);
        Assert.Equal(1, given);
        Assert.Throws<ObjectDisposedException>(() => Wire.Serializer.SerializeToArray(once));
        Assert.Equal(1, given);
    }

    [Fact]
    public void InsideASiloNothingIsCopied()
    {
        TensorPayload payload = new(new float[4], 4);
        Assert.Same(payload, Wire.Copier.Copy(payload));
        WriteCall call = new()
        {
            Name = "s",
            Spec = Packed.Of(new SequenceSpec { HeadDim = 4 }),
            Fence = 1,
            Operation = OperationId.New(),
            FirstIdx = 0,
            Count = 1,
            CommittedRows = 0,
            K = payload,
            V = payload,
            CallId = Guid.NewGuid(),
        };
        Assert.Same(call, Wire.Copier.Copy(call));
    }
}
