namespace DistAttention.Silo.Admin.Dashboard;

/// <summary>A sequence as the dashboard shows it.</summary>
/// <param name="Name">Its name in the cluster, with the tenant's.</param>
/// <param name="Uid">As its shards name it.</param>
/// <param name="Length">Committed positions.</param>
/// <param name="Epoch">How often it was cut.</param>
/// <param name="Shards">Shards with committed positions.</param>
/// <param name="Resident">Bytes of memory.</param>
/// <param name="Heads">Query heads.</param>
/// <param name="HeadsKv">K/V heads.</param>
/// <param name="HeadDim">Numbers per head of a key.</param>
/// <param name="HeadDimV">Numbers per head of a value.</param>
/// <param name="Type">How K/V is stored.</param>
/// <param name="ShardLength">Positions per shard.</param>
internal sealed record SequenceView(
    string Name, string Uid, long Length, long Epoch, int Shards, long Resident, int Heads, int HeadsKv, int HeadDim, int HeadDimV, string Type, int ShardLength);
