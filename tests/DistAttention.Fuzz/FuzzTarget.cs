namespace DistAttention.Fuzz;

/// <summary>
/// One reader and the inputs it is tried with. A target belongs to one thread; what a reader accepts has to be right, and what it refuses it
/// refuses with an error that <see cref="IsRefusal"/> knows.
/// </summary>
internal abstract class FuzzTarget : IDisposable
{
    /// <summary>Makes an input. The same chance makes the same input, in any process.</summary>
    /// <param name="chance">Where every choice comes from.</param>
    public abstract byte[] Make(Random chance);

    /// <summary>Puts the input where the reader finds it; neither timed nor counted.</summary>
    /// <param name="input">The input.</param>
    public virtual void Place(byte[] input)
    {
    }

    /// <summary>Reads the input, and throws <see cref="FuzzFailureException"/> if what was read is wrong.</summary>
    /// <param name="input">The input.</param>
    public abstract void Read(byte[] input);

    /// <summary>Whether an error is how this reader refuses. Default: every error of the project.</summary>
    /// <param name="error">What was thrown.</param>
    public virtual bool IsRefusal(Exception error) => error is DistAttentionException;

    /// <summary>Bytes that reading may allocate on this thread: the input's length and a constant. Null: others' threads read too, and nothing is counted.</summary>
    /// <param name="input">The input.</param>
    public virtual long? MostAllocated(byte[] input) => input.Length + (1 << 20);

    /// <inheritdoc/>
    public virtual void Dispose()
    {
    }

    /// <summary>Requires something of what was read.</summary>
    /// <param name="holds">Whether it holds.</param>
    /// <param name="what">What is wrong if not.</param>
    protected static void Require(bool holds, string what)
    {
        if (!holds)
        {
            throw new FuzzFailureException(what);
        }
    }
}
