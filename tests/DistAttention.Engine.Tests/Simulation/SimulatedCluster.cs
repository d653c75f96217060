using System.Collections.Concurrent;
using System.Collections.Immutable;
using DistAttention.Calls;
using DistAttention.Engine.Compute;
using DistAttention.Engine.Execution;
using DistAttention.Engine.Ledger;
using DistAttention.Engine.Memory;
using DistAttention.Engine.Planning;
using DistAttention.Engine.Shards;
using DistAttention.Engine.Tests.Embedded;
using DistAttention.Kernels;

namespace DistAttention.Engine.Tests.Simulation;

/// <summary>Several owners of shards in one process, each with memory, store and threads of its own, and one sequence spread over them.</summary>
internal sealed class SimulatedCluster : IShardGateway, IShardPlacement, ISequenceLedger, IDisposable
{
    private readonly Dictionary<OwnerId, Owner> _owners;
    private readonly ConcurrentDictionary<ShardId, OwnerId> _moved = new();
    private readonly ConcurrentQueue<(OwnerId Owner, TileRequest Request)> _asked = new();
    private readonly Func<int, int> _placement;
    private readonly ComputePool _pool = new(1, 100);

    private readonly ConcurrentDictionary<OwnerId, bool> _killed = new();

    private SimulatedCluster(int owners, Func<int, int> placement, bool shared)
    {
        InMemoryShardStore? one = shared ? new InMemoryShardStore() : null;
        _owners = Enumerable.Range(0, owners).Select(i => new Owner(i, one ?? new InMemoryShardStore())).ToDictionary(static o => o.Id);
        _placement = placement;
        Executor = new QueryExecutor(this, _pool, new InstantTime());
        Appender = new Appender(this, 2, new InstantTime());
    }

    public SequenceLedger Ledger { get; private set; } = null!;

    public QueryExecutor Executor { get; }

    public Appender Appender { get; }

    public SequenceSpec Spec => Ledger.Record.Spec;

    /// <summary>Stands between the executor and the owners: gets the owner, the request and the way to the owner.</summary>
    public Func<OwnerId, TileRequest, Func<CancellationToken, ValueTask<TileAnswer>>, CancellationToken, ValueTask<TileAnswer>> OnCompute { get; set; } =
        static (_, _, ask, token) => ask(token);

    public Func<OwnerId, ShardWrite, Func<CancellationToken, ValueTask>, CancellationToken, ValueTask> OnWrite { get; set; } =
        static (_, _, write, token) => write(token);

    /// <summary>The messages of both passes so far.</summary>
    public IReadOnlyList<(OwnerId Owner, TileRequest Request)> Asked => [.. _asked];

    public Owner this[int owner] => _owners[Owner.NameOf(owner)];

    /// <summary>Who is asked when an owner is late; nobody unless a test says so.</summary>
    public Func<OwnerId, OwnerId?> Second { get; set; } = static _ => null;

    /// <summary>Makes a cluster of owners that each have a store, or share one and can take shards over from each other.</summary>
    public static async Task<SimulatedCluster> CreateAsync(SequenceSpec spec, int owners, Func<int, int> placement, bool shared = false)
    {
        SimulatedCluster cluster = new(owners, placement, shared);
        LedgerRecord record = new() { Id = "s", Uid = Guid.NewGuid(), Spec = spec };
        cluster.Ledger = await SequenceLedger.CreateAsync(record, new InMemoryLedgerStore(), cluster, TimeProvider.System, default);
        return cluster;
    }

    public static async Task<SimulatedCluster> FillAsync(AttentionProblem problem, int owners, Func<int, int> placement, int shardLength = 1024, int chunk = 700)
    {
        SimulatedCluster cluster = await CreateAsync(problem.Spec(shardLength), owners, placement);
        for (int at = 0; at < problem.Length; at += chunk)
        {
            await cluster.AppendAsync(problem, at, Math.Min(chunk, problem.Length - at));
        }

        return cluster;
    }

    public ValueTask<AppendResult> AppendAsync(AttentionProblem problem, int first, int count, CancellationToken token = default) =>
        Appender.AppendAsync(this, Spec, problem.KRows(first, count), problem.VRows(first, count), count, new AppendOptions(), CallerId.Anyone, token);

    /// <summary>Attends in tiles of a few rows, one after the other.</summary>
    public async Task<(string Digest, List<TileOutcome> Tiles)> AttendAsync(AttentionProblem problem, int tileRows = 50, CancellationToken token = default)
    {
        float[] output = new float[problem.Rows * problem.NumHeadsQ * problem.HeadDimV];
        float[] lse = new float[problem.Rows * problem.NumHeadsQ];
        List<TileOutcome> tiles = [];
        foreach (TileQuery tile in Tiles(problem, tileRows))
        {
            using TileOutcome outcome = await Executor.ExecuteAsync(tile, this, token);
            int slot = (int)tile.FirstRow * problem.NumHeadsQ;
            PartialMerge.Finish(outcome.Root.Span, output.AsSpan(slot * problem.HeadDimV, tile.Rows * problem.NumHeadsQ * problem.HeadDimV), lse.AsSpan(slot, tile.Rows * problem.NumHeadsQ));
            tiles.Add(outcome);
        }

        return (BitDigest.Of(output, lse), tiles);
    }

    /// <summary>The second pass, one tile.</summary>
    public async Task<MassBuffer> MassAsync(AttentionProblem problem, AttentionMassOptions options)
    {
        TileQuery tile = Tiles(problem, problem.Rows).Single();
        using TileOutcome outcome = await Executor.ExecuteAsync(tile, this, default);
        return await Executor.ExecuteMassAsync(tile, outcome, options, this, default);
    }

    public IEnumerable<TileQuery> Tiles(AttentionProblem problem, int tileRows)
    {
        LedgerSnapshot snapshot = Ledger.Snapshot();
        for (int row = 0; row < problem.Rows; row += tileRows)
        {
            int count = Math.Min(tileRows, problem.Rows - row);
            yield return new TileQuery
            {
                Snapshot = snapshot,
                Q = problem.QRows(row, count),
                FirstRow = row,
                Rows = count,
                FirstQueryPosition = problem.EffectiveFirstQueryPosition + row,
                Options = problem.Options(),
                Mask = CompiledMask.Compile(problem.Mask),
            };
        }
    }

    /// <summary>Takes a shard from its owner; the ledger knows, snapshots made before do not.</summary>
    public async Task MoveAsync(int shard, int to)
    {
        ShardEntry entry = Ledger.Snapshot().Shards.Span[shard];
        OwnerId from = _moved.GetValueOrDefault(entry.Id, entry.Owner);
        await foreach (ShardWrite write in _owners[from].Store.ReadAsync(entry.Id, 0, 0, default))
        {
            await this[to].Service.WriteAsync(write, default);
        }

        _moved[entry.Id] = this[to].Id;
        await LoseAsync(shard, from);
    }

    /// <summary>An owner stops answering: it was killed and forgets all it has in memory, or it only cannot be reached.</summary>
    public void Kill(int owner, bool forget = true)
    {
        _killed[this[owner].Id] = true;
        foreach (ShardEntry shard in Ledger.Snapshot().Shards.Span)
        {
            if (forget)
            {
                this[owner].Registry.Evict(shard.Id);
            }
        }
    }

    public void Revive(int owner) => _killed.TryRemove(this[owner].Id, out _);

    public OwnerId? ChooseInstead(SequenceSpec spec, ImmutableArray<ShardEntry> shards, int index) =>
        _owners.Keys.Where(o => !_killed.ContainsKey(o)).Select(static o => (OwnerId?)o).FirstOrDefault();

    public ValueTask<IReadOnlyList<ShardEntry>> ReassignAsync(IReadOnlyList<ShardId> shards, OwnerId unreachable, CancellationToken cancellationToken) =>
        Ledger.ReassignAsync(shards, unreachable, cancellationToken);

    public Hedge? HedgeOf(OwnerId owner, TileRequest request) => Second(owner) is { } second ? new Hedge(second, TimeSpan.FromMilliseconds(1)) : null;

    /// <summary>Takes a shard from an owner, and tells nobody.</summary>
    public async Task LoseAsync(int shard, OwnerId from) =>
        await _owners[from].Registry.ReleaseAsync([Ledger.Snapshot().Shards.Span[shard].Id], Ledger.Record.Uid, default);

    public ValueTask<LedgerSnapshot> GetSnapshotAsync(CancellationToken cancellationToken)
    {
        LedgerSnapshot snapshot = Ledger.Snapshot();
        ShardEntry[] shards = [.. snapshot.Shards.ToArray().Select(s => s with { Owner = _moved.GetValueOrDefault(s.Id, s.Owner) })];
        return new(snapshot with { Shards = shards });
    }

    public ValueTask<Reservation> ReserveAsync(OperationId operationId, long count, long? expectedPosition, CancellationToken cancellationToken) =>
        Ledger.ReserveAsync(operationId, count, expectedPosition, cancellationToken);

    public ValueTask<AppendResult> CommitAsync(Reservation reservation, CancellationToken cancellationToken) => Ledger.CommitAsync(reservation, cancellationToken);

    public ValueTask<bool> AbortAsync(OperationId operationId) => Ledger.AbortAsync(operationId);

    public OwnerId Choose(SequenceSpec spec, ImmutableArray<ShardEntry> shards, long end) => this[_placement(shards.Length)].Id;

    public ValueTask WriteAsync(OwnerId owner, ShardWrite write, CancellationToken cancellationToken) =>
        OnWrite(owner, write, token => Living(owner).Service.WriteAsync(write, token), cancellationToken);

    public ValueTask<TileAnswer> ComputeAsync(OwnerId owner, TileRequest request, CancellationToken cancellationToken)
    {
        _asked.Enqueue((owner, request));
        return OnCompute(owner, request, token => Living(owner).Service.ComputeAsync(request, token), cancellationToken);
    }

    public ValueTask<MassAnswer> MassAsync(OwnerId owner, MassRequest request, CancellationToken cancellationToken)
    {
        _asked.Enqueue((owner, request.Tile));
        return _owners[owner].Service.MassAsync(request, cancellationToken);
    }

    public ValueTask<bool> SeedAsync(OwnerId owner, ShardId shard, ShardId source, int count, CancellationToken cancellationToken) =>
        _owners[owner].Registry.SeedAsync(shard, source, count, cancellationToken);

    public ValueTask RetainAsync(OwnerId owner, IReadOnlyList<ShardId> shards, Guid holder, CancellationToken cancellationToken) =>
        _owners[owner].Registry.RetainAsync(shards, holder, cancellationToken);

    public ValueTask ReleaseAsync(OwnerId owner, IReadOnlyList<ShardId> shards, Guid holder, CancellationToken cancellationToken) =>
        _owners[owner].Registry.ReleaseAsync(shards, holder, cancellationToken);

    public ValueTask TrimAsync(OwnerId owner, ShardId shard, int length, long fence, CancellationToken cancellationToken)
    {
        _owners[owner].Registry.Trim(shard, length, fence);
        return default;
    }

    public void Dispose()
    {
        foreach (Owner owner in _owners.Values)
        {
            owner.Dispose();
        }

        _pool.Dispose();
    }

    private Owner Living(OwnerId owner) => _killed.ContainsKey(owner) ? throw new OwnerUnreachableException(owner, "does not answer") : _owners[owner];

    internal sealed class Owner : IDisposable
    {
        public Owner(int index, InMemoryShardStore store)
        {
            Id = NameOf(index);
            Store = store;
            Registry = new ShardRegistry(Budget, Store);
            Service = new ShardService(Registry, Pool);
        }

        public OwnerId Id { get; }

        public ByteBudget Budget { get; } = new(long.MaxValue);

        public InMemoryShardStore Store { get; }

        public ComputePool Pool { get; } = new(1, 100);

        public ShardRegistry Registry { get; }

        public ShardService Service { get; }

        public static OwnerId NameOf(int index) => new($"owner{index}");

        public void Dispose()
        {
            Pool.Dispose();
            Registry.Dispose();
            Assert.Equal(0, Budget.UsedBytes);
        }
    }
}
