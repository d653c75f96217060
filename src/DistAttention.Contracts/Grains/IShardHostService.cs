using Orleans.Concurrency;
using Orleans.Services;

namespace DistAttention.Contracts;

/// <summary>One per silo, addressed by the silo's address: computes over the shards that the silo holds and answers once.</summary>
[Alias("DistAttention.IShardHostService")]
public interface IShardHostService : IGrainService, ICallSite, IParcelSite
{
    /// <summary>Computes a query tile over shards of this silo.</summary>
    /// <param name="call">The tile.</param>
    /// <param name="cancellationToken">Cancels the call; reaches the tile loop.</param>
    [ResponseTimeout(CallLimits.ResponseTimeout)]
    [Alias("Compute")]
    Task<TileReply> ComputeAsync(TileCall call, CancellationToken cancellationToken);

    /// <summary>Finds where the weight of a query tile goes among shards of this silo.</summary>
    /// <param name="call">The tile.</param>
    /// <param name="cancellationToken">Cancels the call; reaches the tile loop.</param>
    [ResponseTimeout(CallLimits.ResponseTimeout)]
    [Alias("Mass")]
    Task<TileMassReply> MassAsync(TileMassCall call, CancellationToken cancellationToken);

    /// <summary>Lets a sequence hold shards that another one made.</summary>
    /// <param name="shards">The shards.</param>
    /// <param name="holder">The sequence.</param>
    [Alias("Retain")]
    Task RetainAsync(ShardRef[] shards, Guid holder);

    /// <summary>Ends a sequence's hold on shards.</summary>
    /// <param name="shards">The shards.</param>
    /// <param name="holder">The sequence.</param>
    [Alias("Release")]
    Task ReleaseAsync(ShardRef[] shards, Guid holder);

    /// <summary>Bytes that shards hold in this silo's memory, and the rows in them.</summary>
    /// <param name="shards">The shards.</param>
    [Alias("ResidentBytes")]
    Task<long> GetResidentBytesAsync(ShardRef[] shards);

    /// <summary>What this silo holds and may hold.</summary>
    [Alias("Report")]
    Task<SiloReport> GetReportAsync();

    /// <summary>How busy this silo is.</summary>
    [Alias("Load")]
    Task<SiloLoad> GetLoadAsync();

    /// <summary>The last query rows that this silo coordinated on a sequence; null if it has none. It keeps some while it is asked for its load.</summary>
    /// <param name="sequence">The sequence.</param>
    [Alias("Query")]
    Task<QuerySample?> GetQueryAsync(Guid sequence);

    /// <summary>Whether what a grain speaks for is held here.</summary>
    /// <param name="grainType">The grain's type: of ledgers or of shards.</param>
    /// <param name="key">Its key.</param>
    [Alias("Holds")]
    Task<bool> HoldsAsync(string grainType, string key);

    /// <summary>Remembers, or forgets, that a sequence of another silo exists: after that silo and the catalog are lost, somebody still knows.</summary>
    /// <param name="sequence">The sequence.</param>
    /// <param name="exists">Whether it does.</param>
    [Alias("Witness")]
    Task WitnessAsync(NamedSequence sequence, bool exists);

    /// <summary>The sequences whose ledgers are on this silo, and those of others that it has witnessed.</summary>
    [Alias("Sequences")]
    Task<NamedSequence[]> GetSequencesAsync();

    /// <summary>Tells this silo what is committed of shards that it is to keep warm beside their owners. Nobody waits for it.</summary>
    /// <param name="shards">The shards.</param>
    [OneWay]
    [Alias("Follow")]
    Task FollowAsync(FollowNote[] shards);

    /// <summary>Tells this silo that copies of shards are no longer wanted.</summary>
    /// <param name="shards">The shards.</param>
    [OneWay]
    [Alias("Unfollow")]
    Task UnfollowAsync(ShardRef[] shards);

    /// <summary>Reads shards that this silo is about to own into memory, as far as there is room.</summary>
    /// <param name="shards">The shards.</param>
    /// <returns>How many of them are in memory.</returns>
    [ResponseTimeout(CallLimits.ResponseTimeout)]
    [Alias("Warm")]
    Task<int> WarmAsync(FollowNote[] shards);

    /// <summary>Tells this silo that shards are another one's: their grains go there, and writers with them. It still answers readers.</summary>
    /// <param name="shards">The shards.</param>
    /// <param name="to">Whose they are.</param>
    [Alias("SendAfter")]
    Task SendAfterAsync(ShardRef[] shards, string to);

    /// <summary>Tells this silo to give back the memory of shards that are others'.</summary>
    /// <param name="shards">The shards.</param>
    [Alias("LetGo")]
    Task LetGoAsync(ShardRef[] shards);

    /// <summary>The shards in this silo's memory.</summary>
    [Alias("Residents")]
    Task<ResidentShard[]> GetResidentsAsync();

    /// <summary>Says that a silo leaves, or that it stays after all: nothing new is placed on one that leaves.</summary>
    /// <param name="silo">The silo.</param>
    /// <param name="leaves">Whether it does.</param>
    [Alias("Leaving")]
    Task LeavingAsync(string silo, bool leaves);

    /// <summary>Copies blocks of a shard as they lie in memory, about a message of them.</summary>
    /// <param name="shard">The shard.</param>
    /// <param name="rows">Rows that are committed.</param>
    /// <param name="firstBlock">The first block.</param>
    /// <returns>The blocks; empty behind the last one; null if the rows are not here.</returns>
    [Alias("CopyBlocks")]
    Task<byte[]?> CopyBlocksAsync(ShardRef shard, int rows, int firstBlock);

    /// <summary>Has this silo copy blocks of a shard from another one, to hold it later.</summary>
    /// <param name="shard">The shard.</param>
    /// <param name="spec">The sequence's shape and storage.</param>
    /// <param name="rows">Rows that are committed.</param>
    /// <param name="firstBlock">The first block that is missing here.</param>
    /// <param name="from">The silo that has them.</param>
    /// <returns>Whether all have come.</returns>
    [ResponseTimeout(CallLimits.ResponseTimeout)]
    [Alias("Pull")]
    Task<bool> PullAsync(ShardRef shard, Packed<SequenceSpec> spec, int rows, int firstBlock, string from);

    /// <summary>Ends writing a shard here, since it moves.</summary>
    /// <param name="shard">The shard.</param>
    /// <param name="rows">Rows that are committed.</param>
    /// <param name="fence">A fence above that of all reservations so far.</param>
    /// <returns>The sequences that hold it; null if its rows are not here.</returns>
    [Alias("GiveAway")]
    Task<Guid[]?> GiveAwayAsync(ShardRef shard, int rows, long fence);

    /// <summary>Goes on writing a shard here: it has not moved after all.</summary>
    /// <param name="shard">The shard.</param>
    [Alias("KeepAfterAll")]
    Task KeepAfterAllAsync(ShardRef shard);

    /// <summary>Makes a shard that was copied here the one that counts.</summary>
    /// <param name="shard">The shard.</param>
    /// <param name="rows">Rows that are committed.</param>
    /// <param name="fence">The fence since when it is here.</param>
    /// <param name="holders">The sequences that hold it.</param>
    /// <returns>Whether it is here.</returns>
    [Alias("AdoptShard")]
    Task<bool> AdoptAsync(ShardRef shard, int rows, long fence, Guid[] holders);

    /// <summary>Lets go of what was copied here of a shard that does not come after all.</summary>
    /// <param name="shard">The shard.</param>
    [Alias("RefuseShard")]
    Task RefuseAsync(ShardRef shard);

    /// <summary>Keeps a ledger here that another silo had in memory.</summary>
    /// <param name="ledger">The ledger, as storage writes it.</param>
    /// <returns>Whether it is kept: not if there is one of its name.</returns>
    [Alias("AdoptLedger")]
    Task<bool> AdoptLedgerAsync(byte[] ledger);
}
