namespace DistAttention.Engine.Memory;

/// <summary>
/// Something shared that is freed when its last lease ends. It starts with one lease, its maker's; once the count
/// has reached zero no new lease can be had.
/// </summary>
public abstract class CountedLease
{
    private int _leases = 1;

    /// <summary>Leases held now.</summary>
    public int Leases => Volatile.Read(ref _leases);

    /// <summary>Takes a lease, unless the last one has ended.</summary>
    public bool TryLease()
    {
        int leases = Volatile.Read(ref _leases);
        while (leases > 0)
        {
            int seen = Interlocked.CompareExchange(ref _leases, leases + 1, leases);
            if (seen == leases)
            {
                return true;
            }

            leases = seen;
        }

        return false;
    }

    /// <summary>Takes a lease while already holding one.</summary>
    /// <exception cref="ObjectDisposedException">No lease was held.</exception>
    public void Lease() => ObjectDisposedException.ThrowIf(!TryLease(), this);

    /// <summary>Ends a lease; the last one frees.</summary>
    public void Release()
    {
        int left = Interlocked.Decrement(ref _leases);
        if (left == 0)
        {
            Free();
        }
        else if (left < 0)
        {
            throw new InvalidOperationException($"{GetType().Name} was released more often than it was leased.");
        }
    }

    /// <summary>Called once, when the last lease has ended.</summary>
    protected abstract void Free();
}
