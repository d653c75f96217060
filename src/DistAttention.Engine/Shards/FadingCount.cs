namespace DistAttention.Engine.Shards;

/// <summary>Counts events and forgets them: of what was counted, half is left after a minute.</summary>
internal struct FadingCount
{
    private const double HalfLifeMs = 60_000;

    private double _count;
    private long _at;

    /// <summary>Counts one.</summary>
    /// <param name="nowMs">Milliseconds since any moment, never going back.</param>
    public void Add(long nowMs)
    {
        _count = At(nowMs) + 1;
        _at = nowMs;
    }

    /// <summary>What is left of the count.</summary>
    /// <param name="nowMs">Milliseconds since the same moment.</param>
    public readonly double At(long nowMs) => nowMs == _at ? _count : _count / (1 + ((nowMs - _at) / HalfLifeMs));
}
