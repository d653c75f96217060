namespace DistAttention.Engine.Shards;

/// <summary>
/// Names the rows of one shard of one sequence for good. Rows under an id are only ever added, never changed: cutting a
/// shard short makes a new generation of it.
/// </summary>
/// <param name="Sequence">The sequence that made the shard; forks share it.</param>
/// <param name="Index">Its positions start at Index × shard length.</param>
/// <param name="Generation">Tells shards of the same positions apart.</param>
public readonly record struct ShardId(Guid Sequence, int Index, long Generation) : IParsable<ShardId>
{
    /// <inheritdoc/>
    public static ShardId Parse(string s, IFormatProvider? provider = null) =>
        TryParse(s, provider, out ShardId id) ? id : throw new FormatException($"'{s}' is not a shard id.");

    /// <inheritdoc/>
    public static bool TryParse(string? s, IFormatProvider? provider, out ShardId result)
    {
        result = default;
        string[] parts = s?.Split('/') ?? [];
        if (parts.Length != 3
            || !Guid.TryParseExact(parts[0], "N", out Guid sequence)
            || !int.TryParse(parts[1], out int index)
            || !long.TryParse(parts[2], out long generation))
        {
            return false;
        }

        result = new ShardId(sequence, index, generation);
        return true;
    }

    /// <summary>The form that <see cref="Parse"/> reads: sequence/index/generation.</summary>
    public override string ToString() => $"{Sequence:N}/{Index}/{Generation}";
}
