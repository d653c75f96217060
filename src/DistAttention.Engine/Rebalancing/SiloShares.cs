using DistAttention.Engine.Shards;

namespace DistAttention.Engine.Rebalancing;

/// <summary>Who has which groups of shards, and how far each is from its share: the state that planning changes.</summary>
internal sealed class SiloShares
{
    private readonly SortedDictionary<string, Holding> _holdings = new(StringComparer.Ordinal);
    private readonly Dictionary<ShardEntry, OwnerId> _moved = [];
    private readonly IReadOnlyList<OwnedShard> _shards;

    /// <param name="silos">The silos.</param>
    /// <param name="shards">Their shards, all of them idle or none.</param>
    /// <param name="idle">Whether they are: then they take no memory, and no budget limits them.</param>
    /// <param name="groupsPerShare">Into how many groups a silo's share is cut at least.</param>
    public SiloShares(IReadOnlyList<SiloRoom> silos, IReadOnlyList<OwnedShard> shards, bool idle, int groupsPerShare)
    {
        _shards = shards;
        SiloRoom[] staying = [.. silos.Where(static s => !s.Leaves)];
        long total = shards.Sum(static s => s.Bytes);
        double level = LevelOf(staying, total, idle);
        ILookup<OwnerId, OwnedShard> byOwner = shards.ToLookup(static s => s.Shard.Owner);
        long mostBytes = staying.Length == 0 ? 0 : total / staying.Length / groupsPerShare;
        foreach (SiloRoom silo in silos)
        {
            double share = silo.Leaves ? 0 : idle ? level : Math.Min(level, silo.BudgetBytes);
            _holdings.Add(silo.Owner.Value, new Holding(silo.Owner, silo.Leaves, share, [.. ShardGroup.Of(byOwner[silo.Owner], mostBytes)]));
        }
    }

    public IReadOnlyCollection<Holding> Staying => [.. _holdings.Values.Where(static h => !h.Leaves)];

    private double Heat => Staying.Count == 0 ? 0 : _shards.Sum(static s => s.Heat) / Staying.Count;

    /// <summary>Gives away all that silos have which leave.</summary>
    public void EmptyLeaving()
    {
        foreach (Holding leaving in _holdings.Values.Where(static h => h.Leaves).ToList())
        {
            foreach (ShardGroup group in leaving.Groups.OrderByDescending(static g => g.Bytes).ThenBy(static g => g, Comparer<ShardGroup>.Create(ShardGroup.Compare)).ToList())
            {
                // Beside its neighbours where that silo has not its share yet; else where most is missing.
                Holding to = Staying.Where(h => h.Excess + group.Bytes <= 0 && h.Groups.Exists(group.IsBeside)).MinBy(static h => h.Excess)
                    ?? Staying.MinBy(static h => (h.Excess, h.Heat))!;
                Move(group, leaving, to);
            }
        }
    }

    /// <summary>Moves groups until no silo is farther from its share than a part of it, or no move makes it better.</summary>
    public void Even(double tolerance)
    {
        while (true)
        {
            Holding from = Staying.MaxBy(static h => h.Excess)!;
            Holding to = Staying.MinBy(static h => h.Excess)!;
            if (Math.Max(from.Excess - (tolerance * from.Share), -to.Excess - (tolerance * to.Share)) <= 0 || Choose(from, to) is not { } group)
            {
                return;
            }

            Move(group, from, to);
        }
    }

    /// <summary>What was moved, neighbours one after the other.</summary>
    public IEnumerable<ShardMove> Moves() => _shards
        .Where(s => _moved.TryGetValue(s.Shard, out OwnerId to) && to != s.Shard.Owner)
        .OrderBy(static s => s.Shard.Id.Sequence)
        .ThenBy(static s => s.Shard.Id.Index)
        .ThenBy(static s => s.Shard.Id.Generation)
        .Select(s => new ShardMove(s, _moved[s.Shard]));

    /// <summary>The largest group that leaves neither of the two on the other side of its share; failing that, half of one, or the smallest that at least brings them closer.</summary>
    private ShardGroup? Choose(Holding from, Holding to)
    {
        double gap = Math.Min(from.Excess, -to.Excess);
        double spread = from.Excess - to.Excess;
        if (Best(from, to, gap) is { } fits)
        {
            return fits;
        }

        ShardGroup? smallest = from.Groups.Where(static g => g.Bytes > 0).MinBy(static g => g.Bytes);
        if (smallest is null)
        {
            return null;
        }

        if (smallest.Halves() is { } halves)
        {
            from.Groups.Remove(smallest);
            from.Groups.Add(halves.Left);
            from.Groups.Add(halves.Right);
            return Choose(from, to);
        }

        // One that is larger than the gap still helps if the two are then closer to each other.
        return smallest.Bytes < spread ? smallest : null;
    }

    private ShardGroup? Best(Holding from, Holding to, double gap)
    {
        long largest = from.Groups.Where(g => g.Bytes > 0 && g.Bytes <= gap).Select(static g => g.Bytes).DefaultIfEmpty(0).Max();
        if (largest == 0)
        {
            return null;
        }

        // Of the same size, the one whose heat leaves both nearest to the mean; then one beside what the other has already.
        double wanted = Math.Min(from.Heat - Heat, Heat - to.Heat);
        return from.Groups.Where(g => g.Bytes == largest)
            .OrderBy(g => Math.Abs(g.Heat - wanted))
            .ThenBy(g => to.Groups.Exists(g.IsBeside) ? 0 : 1)
            .ThenBy(static g => g, Comparer<ShardGroup>.Create(ShardGroup.Compare))
            .First();
    }

    private void Move(ShardGroup group, Holding from, Holding to)
    {
        from.Groups.Remove(group);
        to.Groups.Add(group);
        (from.Bytes, to.Bytes) = (from.Bytes - group.Bytes, to.Bytes + group.Bytes);
        (from.Heat, to.Heat) = (from.Heat - group.Heat, to.Heat + group.Heat);
        foreach (OwnedShard shard in group.Shards)
        {
            _moved[shard.Shard] = to.Owner;
        }
    }

    /// <summary>The share that all have who have room for it, so that shares add up to the total: budgets are filled like vessels of different heights.</summary>
    private static double LevelOf(SiloRoom[] silos, long total, bool idle)
    {
        if (idle)
        {
            return silos.Length == 0 ? 0 : (double)total / silos.Length;
        }

        double left = total;
        SiloRoom[] inOrder = [.. silos.OrderBy(static s => s.BudgetBytes)];
        for (int i = 0; i < inOrder.Length; i++)
        {
            double level = left / (inOrder.Length - i);
            if (level <= inOrder[i].BudgetBytes)
            {
                return level;
            }

            left -= inOrder[i].BudgetBytes;
        }

        return double.MaxValue; // more than there is room for: every share is its budget
    }

    /// <summary>What one silo has.</summary>
    internal sealed class Holding
    {
        public Holding(OwnerId owner, bool leaves, double share, List<ShardGroup> groups)
        {
            Owner = owner;
            Leaves = leaves;
            Share = share;
            Groups = groups;
            Bytes = groups.Sum(static g => g.Bytes);
            Heat = groups.Sum(static g => g.Heat);
        }

        public OwnerId Owner { get; }

        public bool Leaves { get; }

        /// <summary>Bytes that it should have.</summary>
        public double Share { get; }

        public List<ShardGroup> Groups { get; }

        public long Bytes { get; set; }

        public double Heat { get; set; }

        /// <summary>Bytes above its share; negative below it.</summary>
        public double Excess => Bytes - Share;
    }
}
