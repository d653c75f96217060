using DistAttention.Engine.Execution;
using DistAttention.Engine.Ledger;
using DistAttention.Engine.Shards;
using DistAttention.Simulator.Worlds;
using DistAttention.Storage.Files;

namespace DistAttention.Simulator.Planting;

/// <summary>A mistake that the engine or its storage could contain, put between their parts. The simulation must find it.</summary>
internal class PlantedBug
{
    /// <summary>No mistake.</summary>
    public static PlantedBug None { get; } = new();

    public virtual ILedgerStore Ledgers(ILedgerStore store, World world) => store;

    public virtual IShardStore Shards(IShardStore store, World world) => store;

    public virtual IVolume Volume(IVolume volume, World world) => volume;

    public virtual IShardGateway Gateway(IShardGateway gateway, World world) => gateway;

    public virtual ISequenceLedger Ledger(ISequenceLedger ledger, World world) => ledger;

    /// <summary>The identifier that an attempt of an append goes by.</summary>
    public virtual OperationId Attempt(OperationId operation, int attempt, World world) => operation;
}
