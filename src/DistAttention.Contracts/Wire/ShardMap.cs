namespace DistAttention.Contracts;

/// <summary>Shards by index and who holds them, with every sequence and owner named once.</summary>
/// <param name="Sequences">The sequences that made them.</param>
/// <param name="Owners">The owners.</param>
/// <param name="Rows">One per shard.</param>
[GenerateSerializer, Immutable, Alias("DistAttention.ShardMap")]
public sealed record ShardMap(
    [property: Id(0)] Guid[] Sequences,
    [property: Id(1)] string[] Owners,
    [property: Id(2)] ShardMapRow[] Rows)
{
    /// <summary>Makes a map.</summary>
    /// <param name="shards">The shards, in any order.</param>
    public static ShardMap Of(IEnumerable<(ShardRef Shard, string Owner)> shards)
    {
        List<Guid> sequences = [];
        List<string> owners = [];
        List<ShardMapRow> rows = [];
        foreach ((ShardRef shard, string owner) in shards)
        {
            rows.Add(new ShardMapRow(IndexOf(sequences, shard.Sequence), shard.Index, shard.Generation, IndexOf(owners, owner)));
        }

        return new ShardMap([.. sequences], [.. owners], [.. rows]);
    }

    /// <summary>The shards, in the order they were given.</summary>
    /// <exception cref="CorruptPayloadException">A row points outside the map.</exception>
    public IEnumerable<(ShardRef Shard, string Owner)> Shards()
    {
        foreach (ShardMapRow row in Rows)
        {
            if ((uint)row.SequenceIdx >= (uint)Sequences.Length || (uint)row.OwnerIdx >= (uint)Owners.Length)
            {
                throw new CorruptPayloadException("a shard map points outside itself");
            }

            yield return (new ShardRef(Sequences[row.SequenceIdx], row.Index, row.Generation), Owners[row.OwnerIdx]);
        }
    }

    private static int IndexOf<T>(List<T> values, T value)
    {
        // Neighbours are almost always alike.
        int found = values.LastIndexOf(value);
        if (found < 0)
        {
            found = values.Count;
            values.Add(value);
        }

        return found;
    }
}

/// <summary>One shard of a <see cref="ShardMap"/>.</summary>
/// <param name="SequenceIdx">Index of the sequence that made it.</param>
/// <param name="Index">The shard's index.</param>
/// <param name="Generation">The shard's generation.</param>
/// <param name="OwnerIdx">Index of its owner.</param>
[GenerateSerializer, Immutable, Alias("DistAttention.ShardMapRow")]
public readonly record struct ShardMapRow(
    [property: Id(0)] int SequenceIdx,
    [property: Id(1)] int Index,
    [property: Id(2)] long Generation,
    [property: Id(3)] int OwnerIdx);
