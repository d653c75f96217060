namespace DistAttention;

/// <summary>Which components of a head form a pair that is turned together.</summary>
public enum RopeLayout
{
    /// <summary>Component i and i + half (GPT-NeoX, Llama as published in most checkpoints).</summary>
    Half = 0,

    /// <summary>Components 2i and 2i + 1 (RoFormer, GPT-J).</summary>
    Interleaved = 1,
}
