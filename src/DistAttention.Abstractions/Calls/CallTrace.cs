using System.Diagnostics;

namespace DistAttention.Calls;

/// <summary>The activity source <c>DistAttention</c> and what its spans are called, in clients and silos alike.</summary>
internal static class CallTrace
{
    /// <summary>The source's name.</summary>
    public const string Name = "DistAttention";

    /// <summary>A call that attends.</summary>
    public const string Attend = "distattention.attend";

    /// <summary>A call that appends.</summary>
    public const string Append = "distattention.append";

    /// <summary>A question to another silo, as whoever asks sees it.</summary>
    public const string Ask = "distattention.ask";

    /// <summary>The same, as the silo that is asked sees it.</summary>
    public const string Serve = "distattention.serve";

    /// <summary>The part of a tile that one process computes.</summary>
    public const string Part = "distattention.part";

    /// <summary>One shard of a part.</summary>
    public const string Shard = "distattention.shard";

    /// <summary>Query rows, or appended ones.</summary>
    public const string RowsTag = "distattention.rows";

    /// <summary>A silo, as owners are named.</summary>
    public const string SiloTag = "distattention.silo";

    /// <summary>How many shards.</summary>
    public const string ShardsTag = "distattention.shards";

    /// <summary>Which shard of its sequence.</summary>
    public const string ShardTag = "distattention.shard";

    /// <summary>Positions of a shard that are read.</summary>
    public const string PositionsTag = "distattention.positions";

    /// <summary>Where all spans come from.</summary>
    public static ActivitySource Source { get; } = new(Name);
}
