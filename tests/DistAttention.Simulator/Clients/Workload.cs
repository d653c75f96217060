using System.Buffers.Binary;
using DistAttention.Simulator.Worlds;

namespace DistAttention.Simulator.Clients;

/// <summary>What clients store: rows that follow from the append's identifier.</summary>
internal static class Workload
{
    /// <summary>The smallest shards there are, and heads that cost next to nothing.</summary>
    public static SequenceSpec Spec { get; } = new() { HeadDim = 2, ShardLength = SequenceFormat.RunLength };

    /// <summary>K and V rows of an append.</summary>
    public static (float[] K, float[] V) RowsOf(OperationId operation, int first, int count)
    {
        Span<byte> bytes = stackalloc byte[16];
        operation.Value.TryWriteBytes(bytes);
        ulong seed = BinaryPrimitives.ReadUInt64LittleEndian(bytes) * 31 + BinaryPrimitives.ReadUInt64LittleEndian(bytes[8..]);
        int width = Spec.NumHeadsKv * Spec.HeadDim;
        return (World.Rows(seed, (first + count) * width)[(first * width)..], World.Rows(~seed, (first + count) * width)[(first * width)..]);
    }
}
