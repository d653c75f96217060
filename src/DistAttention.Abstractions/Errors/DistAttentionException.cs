namespace DistAttention;

/// <summary>The base of every error this library raises on purpose.</summary>
public abstract class DistAttentionException : Exception
{
    /// <summary>Makes an error.</summary>
    /// <param name="message">What is wrong, naming it.</param>
    /// <param name="inner">The cause, if there is one.</param>
    protected DistAttentionException(string message, Exception? inner = null)
        : base(message, inner)
    {
    }

    /// <summary>Whether the same call may succeed later without a change.</summary>
    public virtual bool IsTransient => false;
}
