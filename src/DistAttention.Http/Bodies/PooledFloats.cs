using System.Buffers;

namespace DistAttention.Http.Bodies;

/// <summary>Float32 memory from the shared pool, not cleared. Given back when each of its users has disposed of it once; at first there is one.</summary>
internal sealed class PooledFloats(int length) : IDisposable
{
    private readonly float[] _array = ArrayPool<float>.Shared.Rent(length);
    private int _users = 1;

    /// <summary>The memory.</summary>
    public Memory<float> Memory => _array.AsMemory(0, length);

    /// <summary>Adds a user.</summary>
    public PooledFloats Share()
    {
        Interlocked.Increment(ref _users);
        return this;
    }

    public void Dispose()
    {
        if (Interlocked.Decrement(ref _users) == 0)
        {
            ArrayPool<float>.Shared.Return(_array);
        }
    }
}

/// <summary>Two buffers that are given back together.</summary>
internal sealed class PooledPair(PooledFloats first, PooledFloats second) : IDisposable
{
    public void Dispose()
    {
        first.Dispose();
        second.Dispose();
    }
}
