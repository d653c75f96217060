namespace DistAttention;

/// <summary>
/// A learned number per head and distance, added to scores: index Radius + clamp(kvPos − qPos, −Radius, Radius) of a table
/// (Shaw et al. 2018 clamp so; Raffel et al. 2020, T5, share numbers between distances of a bucket).
/// </summary>
public sealed record RelativeBias
{
    /// <summary>Makes a bias of a table.</summary>
    /// <param name="table">[NumHeadsQ, 2 · Radius + 1], or [1, …] for all heads; sizes up to <see cref="ScoreFunction.MaxModifier"/>.</param>
    /// <exception cref="InvalidSpecException">The table is not of such a shape.</exception>
    public RelativeBias(FloatTable table)
    {
        ArgumentNullException.ThrowIfNull(table);
        ScoreFunction.RequireModifier(table, nameof(Table), rank: 2);
        if (table.Shape[1] % 2 == 0)
        {
            throw new InvalidSpecException(nameof(Table), $"its shape {table} is not [heads, 2 · radius + 1]");
        }

        Table = table;
    }

    /// <summary>[NumHeadsQ or 1, 2 · Radius + 1].</summary>
    public FloatTable Table { get; }

    /// <summary>The largest distance told apart.</summary>
    public int Radius => Table.Shape[1] / 2;

    /// <summary>The bias of T5: one number per head and bucket, expanded here to one per distance.</summary>
    /// <param name="buckets">[buckets, NumHeadsQ], as checkpoints have it.</param>
    /// <param name="bidirectional">Encoders: half of the buckets are for keys after the query. Decoders: all are for keys up to it.</param>
    /// <param name="maxDistance">From this distance on, all share the last bucket.</param>
    public static RelativeBias T5(FloatTable buckets, bool bidirectional, int maxDistance = 128)
    {
        ArgumentNullException.ThrowIfNull(buckets);
        if (buckets.Shape.Length != 2 || buckets.Shape[0] < (bidirectional ? 4 : 2) || (bidirectional && buckets.Shape[0] % 2 != 0))
        {
            throw new InvalidSpecException(nameof(RelativeBias), $"the shape {buckets} is not [buckets, heads], with at least {(bidirectional ? "4 buckets, an even number" : "2 buckets")}");
        }

        (int count, int heads) = (buckets.Shape[0], buckets.Shape[1]);
        if (maxDistance <= count || (long)heads * ((2L * maxDistance) + 1) > FloatTable.MaxLength)
        {
            throw new InvalidSpecException(nameof(RelativeBias), $"a largest distance of {maxDistance} does not suit {count} buckets and {heads} heads");
        }

        float[] table = new float[heads * ((2 * maxDistance) + 1)]; // [heads, 2 · maxDistance + 1]
        int i = 0;
        for (int head = 0; head < heads; head++)
        {
            for (int distance = -maxDistance; distance <= maxDistance; distance++)
            {
                table[i++] = buckets.Values[(T5Bucket(distance, count, bidirectional, maxDistance) * heads) + head];
            }
        }

        return new RelativeBias(FloatTable.Of(table, heads, (2 * maxDistance) + 1));
    }

    /// <summary>The bucket of a distance: single distances first, then ranges that grow geometrically up to the largest distance.</summary>
    /// <param name="distance">kvPos − qPos.</param>
    /// <param name="buckets">Buckets in all.</param>
    /// <param name="bidirectional">Whether half of them are for keys after the query.</param>
    /// <param name="maxDistance">From here on, all share the last bucket.</param>
    public static int T5Bucket(long distance, int buckets, bool bidirectional, int maxDistance)
    {
        const double Rounding = 1e-9; // a distance at the very start of a bucket belongs to it
        int first = bidirectional && distance > 0 ? buckets / 2 : 0;
        int count = bidirectional ? buckets / 2 : buckets;
        long size = bidirectional ? Math.Abs(distance) : Math.Max(0, -distance);
        int exact = count / 2;
        if (size < exact)
        {
            return first + (int)size;
        }

        double place = Math.Log((double)size / exact) / Math.Log((double)maxDistance / exact) * (count - exact);
        return first + (int)Math.Min(count - 1, exact + Math.Floor(place + Rounding));
    }
}
