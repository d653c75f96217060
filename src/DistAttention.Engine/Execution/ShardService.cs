using System.Runtime.CompilerServices;
using DistAttention.Engine.Compute;
using DistAttention.Engine.Planning;
using DistAttention.Engine.Shards;
using DistAttention.Kernels;

namespace DistAttention.Engine.Execution;

/// <summary>One per process: writes and computes over the shards that this process holds, on its compute pool.</summary>
public sealed class ShardService
{
    private readonly ShardRegistry _registry;
    private readonly ComputePool _pool;
    private readonly CompiledScores _scores = new();

    /// <summary>Makes the service.</summary>
    /// <param name="registry">The shards of this process.</param>
    /// <param name="pool">Where kernels run.</param>
    public ShardService(ShardRegistry registry, ComputePool pool)
    {
        _registry = registry;
        _pool = pool;
    }

    /// <summary>The shards of this process.</summary>
    public ShardRegistry Registry => _registry;

    /// <summary>Packs rows into a shard and gives them to the store.</summary>
    /// <param name="write">The rows.</param>
    /// <param name="cancellationToken">Cancels the call.</param>
    public async ValueTask WriteAsync(ShardWrite write, CancellationToken cancellationToken)
    {
        if (write.Count == 0)
        {
            return;
        }

        Shard shard = await _registry.LeaseForWriteAsync(write.Shard, write.Spec, write.CommittedRows, write.Fence, cancellationToken).ConfigureAwait(false);
        try
        {
            if (_registry.Store.IsDurable)
            {
                write = await PrepareKeysJob.PrepareAsync(_pool, write, cancellationToken).ConfigureAwait(false);
            }

            _registry.MakeRoom(shard.BytesNeeded(write));
            shard.Prepare(write);
            try
            {
                // Side by side, and both to their end: the rows are the caller's again when this returns.
                Task stored = StoreAsync(write, cancellationToken);
                Task packed = _pool.RunAsync(new PackJob(shard, write, cancellationToken));
                await Task.WhenAll(stored, packed).ConfigureAwait(false);
                shard.Complete(write);
            }
            catch
            {
                shard.Abandon(write);
                throw;
            }
        }
        finally
        {
            _registry.EndWrite(shard);
        }
    }

    /// <summary>A store that waits for a device does so on another thread than the one that packs.</summary>
    private Task StoreAsync(ShardWrite write, CancellationToken cancellationToken) => _registry.Store.IsDurable
        ? Task.Run(() => _registry.Store.AppendAsync(write, cancellationToken).AsTask(), cancellationToken)
        : _registry.Store.AppendAsync(write, cancellationToken).AsTask();

    /// <summary>Computes a query tile.</summary>
    /// <param name="request">The tile.</param>
    /// <param name="cancellationToken">Cancels the call; reaches the tile loop.</param>
    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
    public async ValueTask<TileAnswer> ComputeAsync(TileRequest request, CancellationToken cancellationToken)
    {
        (HeldBlocks? held, IReadOnlyList<ShardId> notHere) = await HeldBlocks.LeaseAsync(_registry, request, cancellationToken).ConfigureAwait(false);
        if (held is null)
        {
            return new TileAnswer([], 0, notHere);
        }

        using (held)
        {
            TileJob job = TileJob.Make(request, _scores.Get(request.Score, request.Spec), held, _pool.Threads, cancellationToken);
            try
            {
                await _pool.RunAsync(job).ConfigureAwait(false);
            }
            catch
            {
                job.DisposePartials();
                throw;
            }

            return new TileAnswer(job.Partials, held.PositionsCounted, []);
        }
    }

    /// <summary>Runs the second pass of a query tile.</summary>
    /// <param name="request">The tile and the outcome of its first pass.</param>
    /// <param name="cancellationToken">Cancels the call; reaches the tile loop.</param>
    public async ValueTask<MassAnswer> MassAsync(MassRequest request, CancellationToken cancellationToken)
    {
        (HeldBlocks? held, IReadOnlyList<ShardId> notHere) = await HeldBlocks.LeaseAsync(_registry, request.Tile, cancellationToken).ConfigureAwait(false);
        if (held is null)
        {
            return new MassAnswer(request.NewMass(), 0, notHere);
        }

        using (held)
        {
            MassJob job = MassJob.Make(request, held, _pool.Threads, cancellationToken);
            await _pool.RunAsync(job).ConfigureAwait(false);
            return new MassAnswer(job.Mass, held.PositionsCounted, []);
        }
    }
}
