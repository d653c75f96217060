namespace DistAttention.Http;

/// <summary>What the HTTP API allows one request. Section <c>Http</c> of a silo.</summary>
public class AttentionHttpOptions
{
    /// <summary>Bytes of a body of tensors. Default 1 TiB: it is streamed, so this guards the store, not the memory.</summary>
    public long MaxBodyBytes { get; set; } = 1L << 40;

    /// <summary>Bytes of a JSON document. Default 1 MiB; a key projection may need more.</summary>
    public int MaxJsonBytes { get; set; } = 1 << 20;

    /// <summary>
    /// Bytes, as float32, of what a request may have held in memory until the rest has come: a tensor k whose v follows behind it, the tables and matrices that a mask or
    /// a score names, the rows of a decode step. Default 64 MiB. More costs memory per request.
    /// </summary>
    public int MaxHeldBytes { get; set; } = 64 << 20;

    /// <summary>Bytes, as float32, of the rows that are appended or attended with at a time. Default 16 MiB. Larger ones are faster by little, and take more memory per request.</summary>
    public int SliceBytes { get; set; } = 16 << 20;

    /// <summary>Checks every property.</summary>
    /// <exception cref="InvalidSpecException">Names the first property that is wrong, and why.</exception>
    public void Validate()
    {
        Require(MaxBodyBytes, 1, nameof(MaxBodyBytes));
        Require(MaxJsonBytes, 1024, nameof(MaxJsonBytes));
        Require(MaxHeldBytes, 1 << 20, nameof(MaxHeldBytes));
        Require(SliceBytes, 1 << 16, nameof(SliceBytes));
    }

    private static void Require(long value, long least, string property)
    {
        if (value < least)
        {
            throw new InvalidSpecException(property, $"{value} is less than {least}");
        }
    }
}
