namespace DistAttention.Grains;

/// <summary>Counts the bytes of tiles and partials that this silo exchanged with others.</summary>
internal sealed class TrafficMeter
{
    private long _bytes;

    public long Bytes => Interlocked.Read(ref _bytes);

    public void Add(long bytes) => Interlocked.Add(ref _bytes, bytes);
}
