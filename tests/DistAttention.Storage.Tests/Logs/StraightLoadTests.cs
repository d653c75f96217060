using DistAttention.Engine.Compute;
using DistAttention.Engine.Memory;
using DistAttention.Engine.Shards;
using DistAttention.Kernels;
using DistAttention.Simulator.Disks;

namespace DistAttention.Storage.Tests.Logs;

/// <summary>Shards that are read back by several readers, into memory that others gave up, are as if they had been written here.</summary>
public sealed class StraightLoadTests : IDisposable
{
    private const int Rows = 700; // the last block is cut

    private readonly SimulatedVolume _volume = new();
    private readonly FileShardStore _store;
    private readonly InMemoryShardStore _memory = new();
    private readonly ComputePool _pool = new(4, 16);

    public StraightLoadTests() => _store = new FileShardStore(_volume);

    [Theory]
    [InlineData(KvDataType.Float32)]
    [InlineData(KvDataType.Float16)]
    [InlineData(KvDataType.BFloat16)]
    [InlineData(KvDataType.Int8)]
    public async Task TakenOverMemoryHoldsNothingOfBefore(KvDataType type)
    {
        SequenceSpec spec = Spec(type);
        ShardId[] shards = [await FillAsync(spec, seed: 1, Rows), await FillAsync(spec, seed: 2, Rows), await FillAsync(spec, seed: 3, 256)];
        using ShardRegistry registry = RoomForOne(spec);
        for (int i = 0; i < 9; i++)
        {
            await AssertSameAsync(registry, shards[i % 3], i % 3 == 2 ? 256 : Rows);
        }
    }

    [Fact]
    public async Task WhereRowsOverlapTheHigherFenceCounts()
    {
        SequenceSpec spec = Spec(KvDataType.Float32);
        ShardId other = await FillAsync(spec, seed: 4, Rows);
        ShardId shard = await FillAsync(spec, seed: 5, 500);
        await WriteAsync(shard, spec, seed: 6, first: 300, count: 400, fence: 2);
        using ShardRegistry registry = RoomForOne(spec);
        await AssertSameAsync(registry, other, Rows);
        await AssertSameAsync(registry, shard, Rows);
    }

    [Fact]
    public async Task ATornEndBehindWhatIsCommittedIsPassedOver()
    {
        SequenceSpec spec = Spec(KvDataType.BFloat16);
        ShardId shard = await FillAsync(spec, seed: 7, Rows);
        string log = Assert.Single(_volume.Paths(".kvlog"));
        _volume.Plant(log, [.. _volume.Bytes(log), .. new byte[50]]);
        ShardId other = await FillAsync(spec, seed: 8, Rows);
        using ShardRegistry registry = RoomForOne(spec);
        await AssertSameAsync(registry, other, Rows);
        await AssertSameAsync(registry, shard, Rows);
    }

    [Fact]
    public async Task AfterDamageTheShardIsReadOnceItIsWhole()
    {
        SequenceSpec spec = Spec(KvDataType.Float32);
        ShardId shard = await FillAsync(spec, seed: 9, Rows);
        string log = Assert.Single(_volume.Paths(".kvlog"));
        byte[] whole = _volume.Bytes(log);
        ShardId other = await FillAsync(spec, seed: 10, Rows);
        using ShardRegistry registry = RoomForOne(spec);
        foreach (int at in (int[])[400, whole.Length / 2])
        {
            await AssertSameAsync(registry, other, Rows);
            byte[] damaged = [.. whole];
            damaged[at] ^= 4;
            _volume.Plant(log, damaged);
            await Assert.ThrowsAsync<StorageDamagedException>(async () => await registry.LeaseOrLoadAsync(shard, Rows, fence: 1, default));
            _volume.Plant(log, whole);
            await AssertSameAsync(registry, shard, Rows);
        }
    }

    public void Dispose()
    {
        _store.Dispose();
        _pool.Dispose();
    }

    private static SequenceSpec Spec(KvDataType type) => new() { NumHeadsQ = 2, NumHeadsKv = 2, HeadDim = 48, HeadDimV = 40, KvType = type, ShardLength = 1024 };

    private ShardRegistry RoomForOne(SequenceSpec spec) => new(new ByteBudget(3 * KvLayout.Of(spec).BlockBytes), _store, _pool);

    private async Task<ShardId> FillAsync(SequenceSpec spec, int seed, int rows)
    {
        ShardId shard = new(Guid.NewGuid(), 0, 0);
        for (int first = 0; first < rows; first += 70)
        {
            await WriteAsync(shard, spec, seed + first, first, Math.Min(70, rows - first), fence: 1);
        }

        return shard;
    }

    private async Task WriteAsync(ShardId shard, SequenceSpec spec, int seed, int first, int count, long fence)
    {
        SeededData data = new((ulong)seed);
        float[] k = data.Normal(count * spec.NumHeadsKv * spec.HeadDim, 1);
        float[] v = data.Normal(count * spec.NumHeadsKv * spec.HeadDimV, 1);
        ShardWrite write = new(shard, spec, fence, OperationId.New(), first, count, k, v);
        await _store.AppendAsync(write, default);
        await _memory.AppendAsync(write, default);
    }

    /// <summary>Compares with rows that were never stored as bytes, in memory that was never used.</summary>
    private async Task AssertSameAsync(ShardRegistry registry, ShardId id, int rows)
    {
        using ShardRegistry plain = new(new ByteBudget(long.MaxValue), _memory);
        using BlocksOf expected = new(await plain.LeaseOrLoadAsync(id, rows, fence: 2, default), rows);
        using BlocksOf actual = new(await registry.LeaseOrLoadAsync(id, rows, fence: 2, default), rows);
        int bounds = 64; // of key sizes: they are taken before rounding there, and after it here
        for (int i = 0; i < expected.Table.Blocks.Length; i++)
        {
            Assert.True(expected.Table.Blocks[i].Bytes[bounds..].SequenceEqual(actual.Table.Blocks[i].Bytes[bounds..]), $"block {i} of {rows} rows");
        }
    }

    private sealed class BlocksOf : IDisposable
    {
        private readonly Shard _shard;

        public BlocksOf(Shard? shard, int rows)
        {
            _shard = shard ?? throw new InvalidOperationException("There is no such shard.");
            Table = shard.LeaseTable(rows);
        }

        public BlockTable Table { get; }

        public void Dispose()
        {
            Table.Release();
            _shard.Release();
        }
    }
}
