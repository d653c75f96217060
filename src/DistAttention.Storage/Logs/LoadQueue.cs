using DistAttention.Kernels;

namespace DistAttention.Storage.Logs;

/// <summary>Hands records out to readers. Those that start in one block go together, so that two readers seldom pack into the same one.</summary>
internal sealed class LoadQueue
{
    private readonly Part[] _parts;
    private readonly List<int> _ends = []; // of groups
    private int _next;

    public LoadQueue(List<Part> parts)
    {
        _parts = [.. parts];
        for (int i = 1; i <= _parts.Length; i++)
        {
            if (i == _parts.Length || BlockOf(_parts[i]) != BlockOf(_parts[i - 1]))
            {
                _ends.Add(i);
            }
        }

        LongestPayload = (int)parts.Max(static p => p.Record.PayloadLength);
    }

    public int Groups => _ends.Count;

    /// <summary>Bytes of the rows of the longest record.</summary>
    public int LongestPayload { get; }

    /// <summary>The next group; empty when there is none.</summary>
    public ReadOnlyMemory<Part> TakeGroup()
    {
        int group = Interlocked.Increment(ref _next) - 1;
        return group >= 0 && group < _ends.Count ? _parts.AsMemory((group == 0 ? 0 : _ends[group - 1])..(_ends[group])) : default;
    }

    /// <summary>Hands out nothing more.</summary>
    public void Stop() => Volatile.Write(ref _next, int.MaxValue / 2);

    private static int BlockOf(Part part) => part.Record.FirstIdx / SequenceFormat.BlockLength;
}
