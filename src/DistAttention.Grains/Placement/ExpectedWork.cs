using DistAttention.Engine.Planning;
using DistAttention.Kernels;

namespace DistAttention.Grains;

/// <summary>What the expected mask makes of a sequence of expected length: how much work each shard is, and how many shards a query tile sees.</summary>
internal sealed class ExpectedWork
{
    private readonly CompiledMask _mask;
    private readonly SequenceSpec _spec;
    private readonly int _shards;
    private readonly long _length;

    /// <param name="spec">The sequence's shape.</param>
    /// <param name="shards">Shards expected.</param>
    public ExpectedWork(SequenceSpec spec, int shards)
    {
        _mask = CompiledMask.Compile(spec.ExpectedMask);
        _spec = spec;
        _shards = shards;
        _length = (long)shards * spec.ShardLength;
        IsEven = _mask.Cover(new PositionRange(0, _length), new PositionRange(0, _length)) == Coverage.Full;
    }

    /// <summary>Whether every tile sees all of every shard.</summary>
    public bool IsEven { get; }

    /// <summary>Query/position pairs of a shard, the sequence attending to itself: from bounds where there is no formula.</summary>
    public double Of(int shard)
    {
        long nothingCounted = 0;
        return _mask.CountVisible(new PositionRange(0, _length), PositionsOf(shard), ref nothingCounted).Estimate;
    }

    /// <summary>Shards that the last query tile sees: what one tile's work has to be shared out over.</summary>
    public int ShardsPerTile()
    {
        PositionRange tile = new(Math.Max(0, _length - Planner.TileRows(_spec)), _length);
        int seen = 0;
        for (int shard = 0; shard < _shards; shard++)
        {
            seen += _mask.Cover(tile, PositionsOf(shard)) == Coverage.None ? 0 : 1;
        }

        return seen;
    }

    private PositionRange PositionsOf(int shard) => Planner.PositionsOf(shard, _spec.ShardLength, _length);
}
