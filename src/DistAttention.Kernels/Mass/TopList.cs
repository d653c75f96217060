namespace DistAttention.Kernels;

/// <summary>
/// The heaviest positions of one row and head, always sorted: weight descending, then position ascending. That order is
/// total, so what a list holds does not depend on the order of insertion. Free places are at the end, (−1, 0).
/// </summary>
internal readonly ref struct TopList(Span<long> positions, Span<float> weights)
{
    public Span<long> Positions { get; } = positions;

    public Span<float> Weights { get; } = weights;

    /// <summary>
    /// A weight that anything at or past a position has to exceed to enter; −1, which only what is hidden has, while there are free places.
    /// </summary>
    public float Threshold(long position)
    {
        long last = Positions[^1];
        if (last < 0)
        {
            return -1;
        }

        return last < position ? Weights[^1] : MathF.BitDecrement(Weights[^1]);
    }

    /// <summary>Puts the positions of another list in their places.</summary>
    public void Add(TopList other)
    {
        for (int i = 0; i < other.Positions.Length && other.Positions[i] >= 0; i++)
        {
            if (!Insert(other.Positions[i], other.Weights[i]))
            {
                return; // those after it are lighter still
            }
        }
    }

    /// <summary>Puts a position in its place, if it has one; false if it is lighter than all of a full list.</summary>
    public bool Insert(long position, float weight)
    {
        int low = 0;
        int high = Positions.Length;
        while (low < high)
        {
            int middle = (low + high) / 2;
            bool before = Positions[middle] >= 0
                && (Weights[middle] > weight || (Weights[middle] == weight && Positions[middle] < position));
            if (before)
            {
                low = middle + 1;
            }
            else
            {
                high = middle;
            }
        }

        if (low == Positions.Length)
        {
            return false;
        }

        Positions[low..^1].CopyTo(Positions[(low + 1)..]);
        Weights[low..^1].CopyTo(Weights[(low + 1)..]);
        Positions[low] = position;
        Weights[low] = weight;
        return true;
    }
}
