namespace DistAttention.Engine.Memory;

/// <summary>
/// The blocks of a shard as one leased thing: a reader takes one lease on the table instead of one on every block.
/// Immutable; a shard that gains a block makes a new table.
/// </summary>
public sealed class BlockTable : CountedLease
{
    private readonly KvBlock[] _blocks;
    private readonly nint[] _addresses;

    /// <summary>Makes a table that holds a lease of its own on every block.</summary>
    /// <param name="blocks">Blocks in the order of their positions.</param>
    public BlockTable(ReadOnlySpan<KvBlock> blocks)
    {
        _blocks = blocks.ToArray();
        _addresses = new nint[blocks.Length];
        for (int i = 0; i < blocks.Length; i++)
        {
            blocks[i].Lease();
            _addresses[i] = blocks[i].Address;
        }
    }

    /// <summary>The blocks, in the order of their positions.</summary>
    public ReadOnlySpan<KvBlock> Blocks => _blocks;

    /// <summary>Their addresses, valid while a lease on the table is held.</summary>
    public ReadOnlySpan<nint> Addresses => _addresses;

    /// <inheritdoc/>
    protected override void Free()
    {
        foreach (KvBlock block in _blocks)
        {
            block.Release();
        }
    }
}
