using System.Buffers;

namespace DistAttention.Engine.Compute;

/// <summary>
/// Items dealt out in runs of neighbours, one run per thread, so that a thread goes on where it was: what it has fetched ahead of one item
/// is the beginning of the next. Whoever is through takes half of what somebody else has left. Not thread-safe.
/// </summary>
public readonly struct ItemRuns
{
    private readonly (int Next, int End)[] _runs; // rented
    private readonly int _workers;

    /// <summary>Deals out items.</summary>
    /// <param name="items">How many.</param>
    /// <param name="workers">Threads.</param>
    public ItemRuns(int items, int workers)
    {
        _workers = workers;
        _runs = ArrayPool<(int, int)>.Shared.Rent(workers);
        for (int worker = 0; worker < workers; worker++)
        {
            _runs[worker] = ((int)((long)items * worker / workers), (int)((long)items * (worker + 1) / workers));
        }
    }

    /// <summary>The next item of a thread; to be asked as often as there are items.</summary>
    /// <param name="worker">The thread.</param>
    public int Take(int worker)
    {
        if (_runs[worker].Next == _runs[worker].End)
        {
            int from = 0;
            for (int other = 1; other < _workers; other++)
            {
                from = Left(other) > Left(from) ? other : from;
            }

            int middle = _runs[from].End - ((Left(from) + 1) / 2);
            _runs[worker] = (middle, _runs[from].End);
            _runs[from].End = middle;
        }

        return _runs[worker].Next++;
    }

    /// <summary>Gives back what was rented; nothing is asked any more.</summary>
    public void Return() => ArrayPool<(int, int)>.Shared.Return(_runs);

    private int Left(int worker) => _runs[worker].End - _runs[worker].Next;
}
