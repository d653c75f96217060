namespace DistAttention;

/// <summary>What intersections and unions share: two or more masks, none of which is of the same kind.</summary>
internal static class MaskList
{
    public static AttentionMask[] Flatten<TSame>(ReadOnlySpan<AttentionMask> masks, Func<TSame, IReadOnlyList<AttentionMask>> parts)
        where TSame : AttentionMask
    {
        List<AttentionMask> flat = [];
        foreach (AttentionMask mask in masks)
        {
            ArgumentNullException.ThrowIfNull(mask);
            if (mask is TSame same)
            {
                flat.AddRange(parts(same));
            }
            else
            {
                flat.Add(mask);
            }
        }

        return [.. flat];
    }

    public static int DepthOver(IReadOnlyList<AttentionMask> masks)
    {
        int depth = 1 + masks.Max(static m => m.Depth);
        Ensure.That(depth <= AttentionMask.MaxDepth, nameof(AttentionMask), $"more than {AttentionMask.MaxDepth} masks inside each other");
        return depth;
    }

    public static AttentionMask[] Restrict(IReadOnlyList<AttentionMask> masks, PositionRange q, ReadOnlySpan<PositionRange> kv)
    {
        AttentionMask[] restricted = new AttentionMask[masks.Count];
        for (int i = 0; i < restricted.Length; i++)
        {
            restricted[i] = masks[i].Restrict(q, kv);
        }

        return restricted;
    }

    public static long DataBytes(IReadOnlyList<AttentionMask> masks, PositionRange q, ReadOnlySpan<PositionRange> kv)
    {
        long bytes = 0;
        foreach (AttentionMask mask in masks)
        {
            bytes += mask.DataBytes(q, kv);
        }

        return bytes;
    }

    public static void Describe(IReadOnlyList<AttentionMask> masks, MaskDigest digest)
    {
        digest.Add(masks.Count);
        foreach (AttentionMask mask in masks)
        {
            mask.DescribeTo(digest);
        }
    }
}
