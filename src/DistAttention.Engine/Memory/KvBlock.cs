namespace DistAttention.Engine.Memory;

/// <summary>
/// Native memory for the packed K/V of 256 positions, all key/value heads. Starts zeroed unless it is filled at once, so that positions
/// not yet written are finite. Rows already committed never change; rows after them may be written while others read.
/// </summary>
public sealed unsafe class KvBlock : CountedLease
{
    private readonly ByteBudget _budget;
    private readonly int _length;
    private readonly BlockSlab? _slab;
    private byte* _memory;

    /// <summary>Takes the bytes from the budget and allocates them.</summary>
    /// <param name="lengthBytes">Bytes of one packed block.</param>
    /// <param name="budget">Pays for them until the last lease ends.</param>
    /// <param name="isFilled">Whether all its rows will be written before any is read, so that memory that was used before need not be cleared.</param>
    /// <exception cref="CapacityExceededException">The budget cannot.</exception>
    public KvBlock(long lengthBytes, ByteBudget budget, bool isFilled = false)
    {
        _length = checked((int)lengthBytes);
        _budget = budget;
        budget.Take(_length);
        try
        {
            _memory = budget.Memory.Allocate(lengthBytes, out _slab, out bool isUsed);
            if (isUsed && !isFilled)
            {
                Bytes.Clear();
            }
        }
        catch
        {
            budget.Return(_length);
            GC.SuppressFinalize(this);
            throw;
        }
    }

    /// <summary>Frees the memory of a block that was dropped without its leases ending, so that a bug costs time, not memory.</summary>
    ~KvBlock() => FreeMemory();

    /// <summary>Address of the first byte, 64-byte aligned. Valid while the caller holds a lease.</summary>
    public nint Address => (nint)_memory;

    /// <summary>The bytes. Valid while the caller holds a lease.</summary>
    public Span<byte> Bytes => new(_memory, _length);

    /// <inheritdoc/>
    protected override void Free()
    {
        FreeMemory();
        GC.SuppressFinalize(this);
    }

    private void FreeMemory()
    {
        if (_memory != null)
        {
            _budget.Memory.Free(_memory, _length, _slab);
            _memory = null;
            _budget.Return(_length);
        }
    }
}
