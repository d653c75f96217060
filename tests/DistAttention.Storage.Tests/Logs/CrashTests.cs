using DistAttention.Engine.Shards;
using DistAttention.Simulator.Disks;

namespace DistAttention.Storage.Tests.Logs;

/// <summary>Crashes at any moment, on a disk that tears what was not synced: what was acknowledged is there, and only whole rows are.</summary>
public sealed class CrashTests
{
    private static readonly AttentionProblem _problem = new() { Seed = 302, NumHeadsKv = 1, HeadDim = 33, HeadDimV = 7, Length = 400, KvType = KvDataType.BFloat16 };
    private static readonly ShardId _shard = new(Guid.NewGuid(), 3, 1);

    [Fact]
    public async Task AcknowledgedRowsSurviveEveryCrash()
    {
        for (int seed = 0; seed < 300; seed++)
        {
            Random chance = new(seed);
            SimulatedVolume volume = new();
            int acknowledged = 0;
            for (int life = 0; life < 3; life++)
            {
                using FileShardStore store = new(volume);
                Dictionary<int, float> rows = await RowsAsync(store, acknowledged);
                for (int row = 0; row < acknowledged; row++)
                {
                    Assert.True(rows.TryGetValue(row, out float first) && first == Stored(row), $"seed {seed}, life {life}: row {row} of {acknowledged} is gone");
                }

                acknowledged = await LiveAsync(store, volume, chance, acknowledged);
                volume.OnDevice = null;
                volume.Crash(chance);
            }
        }
    }

    [Fact]
    public async Task AFullDeviceFailsTheAppendAndLaterOnesGoOn()
    {
        SimulatedVolume volume = new();
        using FileShardStore store = new(volume);
        await store.AppendAsync(Write(0, 10, fence: 1), default);
        volume.OnDevice = static (what, path) =>
        {
            if (what == "write")
            {
                throw new StorageException(path, "has no room");
            }
        };
        StorageException full = await Assert.ThrowsAsync<StorageException>(async () => await store.AppendAsync(Write(10, 10, fence: 1), default));
        Assert.Equal("has no room", full.Problem);
        volume.OnDevice = null;
        await store.AppendAsync(Write(10, 10, fence: 1), default);
        Assert.Equal(20, (await RowsAsync(store, 20)).Count);
        Assert.Equal(2, volume.Paths(".kvlog").Count); // nothing is written behind bytes that nobody knows
    }

    [Fact]
    public async Task AppendsThatWaitTogetherShareASync()
    {
        SimulatedVolume volume = new();
        using FileShardStore store = new(volume);
        await store.AppendAsync(Write(0, 1, fence: 1), default);
        int syncs = 0;
        using ManualResetEventSlim gate = new();
        volume.OnDevice = (what, _) =>
        {
            if (what == "sync" && Interlocked.Increment(ref syncs) == 1)
            {
                gate.Wait();
            }
        };
        Task[] appends = [.. Enumerable.Range(1, 20).Select(i => Task.Factory.StartNew(() => store.AppendAsync(Write(i, 1, fence: 1), default).AsTask(), TaskCreationOptions.LongRunning).Unwrap())];
        while (volume.Bytes(volume.Paths(".kvlog")[0]).Length < 128 + (21 * (80 + 80)))
        {
            await Task.Yield();
        }

        gate.Set();
        await Task.WhenAll(appends);
        Assert.InRange(syncs, 2, 3);
        Assert.Equal(21, (await RowsAsync(store, 21)).Count);
    }

    [Fact]
    public async Task TheHighestFenceCountsWhateverTheOrder()
    {
        SimulatedVolume volume = new();
        using FileShardStore one = new(volume);
        using FileShardStore two = new(volume);
        await one.AppendAsync(Write(0, 30, fence: 1), default);
        await two.AppendAsync(Write(10, 30, fence: 5, shift: 100), default);
        await one.AppendAsync(Write(20, 20, fence: 2, shift: 50), default); // a writer that has not heard of the newer one
        Dictionary<int, float> rows = await RowsAsync(one, 40);
        Assert.Equal(Stored(9), rows[9]);
        Assert.Equal(Enumerable.Range(10, 30).Select(static i => Stored(i + 100)), Enumerable.Range(10, 30).Select(i => rows[i]));
    }

    /// <summary>Appends until chance or the device ends it; what was in flight is not acknowledged.</summary>
    private static async Task<int> LiveAsync(FileShardStore store, SimulatedVolume volume, Random chance, int acknowledged)
    {
        int operations = chance.Next(1, 6);
        int failAt = chance.Next(1, 20);
        volume.OnDevice = (what, path) =>
        {
            if (--failAt == 0)
            {
                throw new StorageException(path, $"fails to {what}");
            }
        };
        for (int i = 0; i < operations && acknowledged < 350; i++)
        {
            int count = chance.Next(1, 40);
            try
            {
                await store.AppendAsync(Write(acknowledged, count, fence: 1), default);
                acknowledged += count;
            }
            catch (StorageException)
            {
                // Not acknowledged: it may be there or not.
            }
        }

        return acknowledged;
    }

    private static async Task<Dictionary<int, float>> RowsAsync(FileShardStore store, int required)
    {
        Dictionary<int, float> rows = [];
        await foreach (ShardWrite write in store.ReadAsync(_shard, 0, required, default))
        {
            for (int i = 0; i < write.Count; i++)
            {
                rows[write.FirstIdx + i] = write.K.Span[i * 33];
            }
        }

        return rows;
    }

    private static ShardWrite Write(int first, int count, long fence, int shift = 0) =>
        new(_shard, _problem.Spec(), fence, OperationId.New(), first, count, _problem.KRows(first + shift, count), _problem.VRows(first + shift, count));

    /// <summary>The first component of a row of K, as bfloat16 keeps it.</summary>
    private static float Stored(int row)
    {
        uint bits = BitConverter.SingleToUInt32Bits(_problem.K[row * 33]);
        return BitConverter.UInt32BitsToSingle((bits + 0x7FFF + ((bits >> 16) & 1)) & 0xFFFF0000);
    }
}
