using System.Collections.Immutable;
using DistAttention.Engine.Ledger;
using DistAttention.Engine.Shards;

namespace DistAttention.Grains.Tests;

public sealed class GroupPlacementTests
{
    private static readonly SequenceSpec _spec = new() { HeadDim = 64, ShardLength = 1024 };

    [Theory]
    [InlineData(1, 16)]
    [InlineData(2, 16)]
    [InlineData(2, 128)]
    [InlineData(3, 64)]
    [InlineData(4, 256)]
    [InlineData(5, 320)]
    public void GroupsAreAlignedAndTheWorkIsShared(int silos, int shards)
    {
        foreach (AttentionMask mask in (AttentionMask[])[AttentionMask.Full, AttentionMask.Causal])
        {
            int[] owners = Place(silos, shards, _spec with { ExpectedMask = mask, ExpectedLength = shards * 1024L }, appendShards: shards);
            int group = owners.Length;
            for (int i = 1; i < shards; i++)
            {
                group = owners[i] != owners[i - 1] ? Math.Min(group, i & -i) : group;
            }

            // Changes of owner fall on multiples of the group length only.
            Assert.True(silos == 1 || group >= shards / (silos * 8), $"Groups of {group} of {shards} shards");
            double[] work = new double[silos];
            for (int i = 0; i < shards; i++)
            {
                work[owners[i]] += mask == AttentionMask.Causal ? shards - i : 1;
            }

            Assert.InRange(work.Max() / work.Average(), 1, silos is 3 or 5 ? 1.2 : 1.05);
        }
    }

    [Theory]
    [InlineData(2, 16)]
    [InlineData(4, 64)]
    public void WhereEveryShardIsAsMuchWorkEachSiloHoldsNeighbours(int silos, int shards)
    {
        int[] owners = Place(silos, shards, _spec with { ExpectedMask = AttentionMask.Full, ExpectedLength = shards * 1024L }, appendShards: shards);
        Assert.Equal(silos - 1, owners.Zip(owners[1..]).Count(static pair => pair.First != pair.Second));
    }

    [Theory]
    [InlineData("last:1500", 1)]
    [InlineData("longformer:window=512,global=0", 1)]
    [InlineData("causal & chunk:2048", 1)]
    public void UnderALocalMaskNeighboursAreApart(string mask, int group)
    {
        // A tile sees few shards: whoever holds them does all of its work, so they must not be the same silo's.
        int[] owners = Place(4, 64, _spec with { ExpectedMask = AttentionMask.Parse(mask), ExpectedLength = 65_536 }, appendShards: 64);
        Assert.Equal(64 / group - 1, owners.Zip(owners[1..]).Count(static pair => pair.First != pair.Second));
        Assert.All(Enumerable.Range(0, 4), owner => Assert.Equal(16, owners.Count(o => o == owner)));
    }

    [Fact]
    public void TheFirstGroupStaysWithTheLedger() => Assert.Equal(2, Place(4, 1, _spec, appendShards: 1, self: 2)[0]);

    [Fact]
    public void ASequenceThatGrowsBitByBitIsSharedToo()
    {
        int[] owners = Place(3, 96, _spec, appendShards: 1);
        int[] counts = [.. Enumerable.Range(0, 3).Select(o => owners.Count(x => x == o))];
        Assert.InRange(counts.Max(), 32, 40);

        // Early shards go one by one, later ones in groups.
        Assert.Equal(3, owners[..3].Distinct().Count());
        Assert.Equal(owners[94], owners[95]);
    }

    [Fact]
    public void ASiloWithoutRoomGetsNothing()
    {
        Silos two = new(2, self: 0) { Free = { [0] = 1 << 20, [1] = long.MaxValue } };
        Assert.All(Place(two, 32, _spec, appendShards: 32), static o => Assert.Equal(1, o));
        Silos full = new(2, self: 0) { Free = { [0] = 20, [1] = 10 } };
        Assert.All(Place(full, 4, _spec, appendShards: 4), static o => Assert.Equal(0, o));
    }

    [Fact]
    public void AGroupWhoseOwnerIsGoneIsContinuedElsewhere()
    {
        Silos two = new(2, self: 0);
        ShardEntry gone = new(new ShardId(Guid.NewGuid(), 0, 0), new OwnerId("gone"));
        OwnerId next = new GroupPlacement(two).Choose(_spec with { ExpectedLength = 1 << 20 }, [gone], 2048);
        Assert.Contains(next, two.Live());
    }

    private static int[] Place(int silos, int shards, SequenceSpec spec, int appendShards, int self = 0) =>
        Place(new Silos(silos, self), shards, spec, appendShards);

    private static int[] Place(Silos silos, int shards, SequenceSpec spec, int appendShards)
    {
        GroupPlacement placement = new(silos);
        ImmutableArray<ShardEntry> placed = [];
        while (placed.Length < shards)
        {
            long end = (long)Math.Min(shards, (placed.Length / appendShards * appendShards) + appendShards) * spec.ShardLength;
            placed = placed.Add(new ShardEntry(new ShardId(Guid.Empty, placed.Length, 0), placement.Choose(spec, placed, end)));
        }

        return [.. placed.Select(static p => int.Parse(p.Owner.Value))];
    }

    private sealed class Silos(int count, int self) : ISiloMemory
    {
        public OwnerId? TakesOverFrom(OwnerId owner) => null;

        public Dictionary<int, long> Free { get; } = [];

        public OwnerId Self => new(self.ToString());

        public IReadOnlyList<OwnerId> Live() => [.. Enumerable.Range(0, count).Select(static i => new OwnerId(i.ToString()))];

        public long? FreeBytes(OwnerId owner) => Free.TryGetValue(int.Parse(owner.Value), out long free) ? free : null;
    }
}
