using System.Buffers.Binary;
using DistAttention.Engine.Shards;
using DistAttention.Kernels;
using DistAttention.Storage.Files;
using DistAttention.Storage.Logs;
using DistAttention.Simulator.Disks;

namespace DistAttention.Storage.Tests.Fuzzing;

/// <summary>Segments that are not what was written; half of them with checksums that hold all the same.</summary>
public sealed class LogFuzzTests
{
    private static readonly AttentionProblem _problem = new() { Seed = 321, NumHeadsKv = 2, HeadDim = 5, HeadDimV = 3, Length = 60, KvType = KvDataType.Int8 };
    private static readonly ShardId _shard = new(Guid.Parse("0198a8a8-0000-7000-8000-000000000001"), 2, 1);

    private readonly SimulatedVolume _volume = new();

    [Fact]
    public async Task ASegmentIsReadRightOrRefused()
    {
        (string path, byte[] good) = await WriteAsync();
        using FileShardStore store = new(_volume);
        Dictionary<int, float> rows = Read(store, required: 60);
        FuzzRun.Run(
            chance => Mutator.Mutate(good, chance),
            bytes =>
            {
                _volume.Plant(path, bytes);
                foreach ((int row, float first) in Read(store, required: 0))
                {
                    Assert.Equal(rows[row], first); // a torn end may be cut; nothing else may come
                }
            });
        FuzzRun.Run(
            chance => Mutator.Mutate(good, chance),
            bytes =>
            {
                _volume.Plant(path, bytes);
                Dictionary<int, float> read = Read(store, required: 60);
                Assert.Equal(rows.Take(read.Count), read);

                // Cut where a record ends, nothing is broken: that rows are missing is for the engine to say, which knows how many there are.
                Assert.True(read.Count == 60 || good.AsSpan().StartsWith(bytes));
            });
    }

    [Fact]
    public async Task ASegmentWhoseChecksumsHoldIsNotBelievedAnything()
    {
        (string path, byte[] good) = await WriteAsync();
        using FileShardStore store = new(_volume);
        FuzzRun.Run(
            chance => Sealed(Mutator.Mutate(good, chance), chance),
            bytes =>
            {
                _volume.Plant(path, bytes);
                Assert.All(Read(store, required: 60).Keys, static row => Assert.InRange(row, 0, (1 << 24) - 1));
            });
    }

    /// <summary>Makes the checksums hold: of the header, and of records from the first on, each found where the one before ends.</summary>
    private static byte[] Sealed(byte[] bytes, Random chance)
    {
        Seal(bytes, 0, SegmentHeader.Length);
        for (long at = SegmentHeader.Length; at >= 0 && at + RecordHeader.Length <= bytes.Length;)
        {
            Span<byte> record = bytes.AsSpan((int)at);
            long payload = BinaryPrimitives.ReadInt64LittleEndian(record[56..]);
            if (payload >= 0 && payload <= record.Length - RecordHeader.Length && chance.Next(8) > 0)
            {
                BinaryPrimitives.WriteUInt32LittleEndian(record[64..], Crc32C.Of(record.Slice(RecordHeader.Length, (int)payload)));
            }

            BinaryPrimitives.WriteInt64LittleEndian(record[8..], at);
            Seal(bytes, (int)at, RecordHeader.Length);
            at = payload < 0 ? -1 : Math.Min(at + RecordHeader.Length + payload, bytes.Length);
        }

        return bytes;
    }

    private static void Seal(byte[] bytes, int at, int length)
    {
        if (bytes.Length >= at + length)
        {
            BinaryPrimitives.WriteUInt32LittleEndian(bytes.AsSpan(at + length - 4), Crc32C.Of(bytes.AsSpan(at, length - 4)));
        }
    }

    /// <summary>The simulated disk answers at once, so everything happens on this thread and its memory can be counted.</summary>
    private static Dictionary<int, float> Read(FileShardStore store, int required)
    {
        Dictionary<int, float> rows = [];
        IAsyncEnumerator<ShardWrite> writes = store.ReadAsync(_shard, 0, required, default).GetAsyncEnumerator();
        try
        {
            while (Now(writes.MoveNextAsync()))
            {
                ShardWrite write = writes.Current;
                KvLayout layout = KvLayout.Of(write.Spec);
                int row = layout.NumHeadsKv * layout.HeadDim;
                Assert.Equal((write.Count * row, write.Count * layout.NumHeadsKv * layout.HeadDimV), (write.K.Length, write.V.Length));
                for (int i = 0; i < write.Count; i++)
                {
                    rows[write.FirstIdx + i] = write.K.Span[i * row];
                }
            }
        }
        finally
        {
            Assert.True(writes.DisposeAsync().IsCompletedSuccessfully);
        }

        return rows;
    }

    private static bool Now(ValueTask<bool> moved)
    {
        Assert.True(moved.IsCompleted);
        return moved.GetAwaiter().GetResult();
    }

    private async Task<(string Path, byte[] Bytes)> WriteAsync()
    {
        using (FileShardStore store = new(_volume))
        {
            foreach ((int first, int count) in ((int, int)[])[(0, 1), (1, 29), (30, 20), (50, 10)])
            {
                await store.AppendAsync(new ShardWrite(_shard, _problem.Spec(), 3, OperationId.New(), first, count, _problem.KRows(first, count), _problem.VRows(first, count)), default);
            }
        }

        string path = Assert.Single(_volume.Paths(".kvlog"));
        return (path, _volume.Bytes(path));
    }
}
