namespace DistAttention.Kernels;

/// <summary>A query at position p sees the keys at 0 to p.</summary>
internal sealed class CompiledCausalMask : CompiledMask
{
    public static readonly CompiledCausalMask Instance = new();

    public override Coverage Cover(PositionRange q, PositionRange kv)
    {
        if (q.IsEmpty || kv.IsEmpty || kv.Start > q.End - 1)
        {
            return Coverage.None;
        }

        return kv.End - 1 <= q.Start ? Coverage.Full : Coverage.Masked;
    }

    public override long Needed(PositionRange q, PositionRange kv) => q.IsEmpty ? 0 : Math.Clamp(q.End - kv.Start, 0, kv.Length);

    /// <inheritdoc/>
    /// <remarks>Query p sees clamp(p + 1 − kv.Start, 0, n) keys: a triangle between the rows that see none and those that see all.</remarks>
    public override Int128 CountVisible(PositionRange q, PositionRange kv)
    {
        if (q.IsEmpty || kv.IsEmpty)
        {
            return 0;
        }

        PositionRange partly = q.Intersect(new PositionRange(kv.Start, kv.End - 1));
        PositionRange wholly = q.Intersect(new PositionRange(kv.End - 1, long.MaxValue));
        Int128 first = partly.Start + 1 - kv.Start;
        Int128 last = partly.End - kv.Start;
        Int128 triangle = partly.IsEmpty ? 0 : (first + last) * partly.Length / 2;
        return triangle + ((Int128)wholly.Length * kv.Length);
    }

    public override void Fill(PositionRange q, long kvStart, Span<uint> bits)
    {
        int word = 0;
        for (long qPos = q.Start; qPos < q.End; qPos++)
        {
            int visible = (int)Math.Clamp(qPos + 1 - kvStart, 0, SequenceFormat.BlockLength);
            for (int w = 0; w < TileWords; w++)
            {
                int here = Math.Clamp(visible - (32 * w), 0, 32);
                bits[word++] = (uint)((1UL << here) - 1);
            }
        }
    }
}
