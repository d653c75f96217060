using System.Buffers;
using DistAttention.Engine.Memory;
using DistAttention.Engine.Planning;
using DistAttention.Engine.Shards;
using DistAttention.Kernels;

namespace DistAttention.Engine.Execution;

/// <summary>Leases on the blocks that one tile reads, and their addresses in the order of positions.</summary>
internal sealed class HeldBlocks : IDisposable
{
    private BlockTable[] _tables;
    private readonly KvLayout _layout;
    private readonly long _length;
    private nint[] _addresses = [];
    private int _tableCount;
    private int _count;

    private HeldBlocks(TileRequest request)
    {
        _layout = KvLayout.Of(request.Spec);
        _length = request.Snapshot.Length;
        _tables = ArrayPool<BlockTable>.Shared.Rent(request.Shards.Count);
    }

    /// <summary>From the first position held to the last.</summary>
    public PositionRange Positions { get; private set; }

    /// <summary>Positions held.</summary>
    public long PositionsCounted { get; private set; }

    /// <summary>What kernels read. Blocks that are not held have the address 0: the mask hides them.</summary>
    public KvView View => new(_layout, _addresses.AsSpan(0, _count), Positions.Start, _length);

    /// <summary>Leases every slice, or says which shards are missing.</summary>
    /// <param name="registry">The shards of this process.</param>
    /// <param name="request">The tile.</param>
    /// <param name="cancellationToken">Cancels reading shards back from the store.</param>
    public static async ValueTask<(HeldBlocks? Held, IReadOnlyList<ShardId> NotHere)> LeaseAsync(ShardRegistry registry, TileRequest request, CancellationToken cancellationToken)
    {
        HeldBlocks held = new(request);
        List<ShardId>? notHere = null;
        Shard?[] loaded = [];
        try
        {
            held.Reserve(request);
            loaded = await LoadAsync(registry, request, cancellationToken).ConfigureAwait(false);
            for (int i = 0; i < request.Shards.Count; i++)
            {
                ShardSlice slice = request.Shards[i];
                Shard? shard = await registry.LeaseOrLoadAsync(slice.Shard.Id, slice.Length, request.Fence, cancellationToken).ConfigureAwait(false);
                if (shard is null)
                {
                    (notHere ??= []).Add(slice.Shard.Id);
                    continue;
                }

                try
                {
                    shard.RequireLayoutOf(request.Spec);
                    if (!held.TryAdd(shard, slice.Length))
                    {
                        (notHere ??= []).Add(slice.Shard.Id);
                    }
                }
                finally
                {
                    shard.Release();
                }
            }
        }
        catch
        {
            held.Dispose();
            throw;
        }
        finally
        {
            foreach (Shard? shard in loaded)
            {
                shard?.Release();
            }
        }

        if (notHere is not null)
        {
            held.Dispose();
            return (null, notHere);
        }

        return (held, []);
    }

    /// <summary>Reads shards that are not in memory back, several at a time, and keeps them there until they are held.</summary>
    private static ValueTask<Shard?[]> LoadAsync(ShardRegistry registry, TileRequest request, CancellationToken cancellationToken) => registry.Store.IsDurable
        ? LoadMissingAsync(registry, request, cancellationToken)
        : new([]);

    private static async ValueTask<Shard?[]> LoadMissingAsync(ShardRegistry registry, TileRequest request, CancellationToken cancellationToken)
    {
        if (request.Shards.Count(s => registry.ResidentBytes(s.Shard.Id) == 0) < 2)
        {
            return [];
        }

        Shard?[] loaded = new Shard?[request.Shards.Count];
        try
        {
            await Parallel.ForAsync(0, loaded.Length, cancellationToken, async (i, token) =>
            {
                ShardSlice slice = request.Shards[i];
                loaded[i] = await registry.LeaseOrLoadAsync(slice.Shard.Id, slice.Length, request.Fence, token).ConfigureAwait(false);
            }).ConfigureAwait(false);
            return loaded;
        }
        catch
        {
            foreach (Shard? shard in loaded)
            {
                shard?.Release();
            }

            throw;
        }
    }

    public void Dispose()
    {
        while (_tableCount > 0)
        {
            _tables[--_tableCount].Release();
        }

        if (_tables.Length > 0)
        {
            ArrayPool<BlockTable>.Shared.Return(_tables, clearArray: true);
            _tables = [];
        }

        if (_addresses.Length > 0)
        {
            ArrayPool<nint>.Shared.Return(_addresses);
            _addresses = [];
        }
    }

    private void Reserve(TileRequest request)
    {
        long shardLength = request.Spec.ShardLength;
        ShardSlice last = request.Shards[^1];
        Positions = new PositionRange(request.Shards[0].Shard.Id.Index * shardLength, (last.Shard.Id.Index * shardLength) + last.Length);
        _count = BlocksOf(Positions.Length);
        _addresses = ArrayPool<nint>.Shared.Rent(_count);
        _addresses.AsSpan(0, _count).Clear();
    }

    /// <summary>False if the shard does not hold all those rows: its owner was lost and the rows with it.</summary>
    private bool TryAdd(Shard shard, int length)
    {
        if (shard.TryLeaseTable(length) is not { } table)
        {
            return false;
        }

        _tables[_tableCount++] = table;
        int first = BlocksOf(((long)shard.Id.Index * shard.Spec.ShardLength) - Positions.Start);
        table.Addresses[..BlocksOf(length)].CopyTo(_addresses.AsSpan(first));
        PositionsCounted += length;
        return true;
    }

    private static int BlocksOf(long positions) => (int)((positions + SequenceFormat.BlockLength - 1) / SequenceFormat.BlockLength);
}
