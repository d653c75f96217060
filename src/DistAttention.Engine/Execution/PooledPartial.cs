using System.Buffers;
using DistAttention.Kernels;

namespace DistAttention.Engine.Execution;

/// <summary>Pooled memory for the partial of some query rows: maxLog2 and sum [rows, NumHeadsQ], output [rows, NumHeadsQ, HeadDimV].</summary>
public sealed class PooledPartial : IDisposable
{
    private readonly int _rows;
    private readonly int _numHeadsQ;
    private readonly int _headDimV;
    private float[]? _memory;

    /// <summary>Rents memory for an empty partial, (−∞, 0, 0) everywhere.</summary>
    /// <param name="rows">Query rows.</param>
    /// <param name="numHeadsQ">Query heads.</param>
    /// <param name="headDimV">Components of one head of v.</param>
    public PooledPartial(int rows, int numHeadsQ, int headDimV)
    {
        _rows = rows;
        _numHeadsQ = numHeadsQ;
        _headDimV = headDimV;
        _memory = ArrayPool<float>.Shared.Rent(checked(rows * numHeadsQ * (2 + headDimV)));
        Span.Clear();
    }

    /// <summary>The partial.</summary>
    public PartialSpan Span
    {
        get
        {
            ObjectDisposedException.ThrowIf(_memory is null, this);
            int heads = _rows * _numHeadsQ;
            return new PartialSpan(_memory, _memory.AsSpan(heads), _memory.AsSpan(2 * heads), _rows, _numHeadsQ, _headDimV);
        }
    }

    /// <summary>Running maximum, base 2, [rows, NumHeadsQ].</summary>
    public Memory<float> MaxLog2 => _memory.AsMemory(0, _rows * _numHeadsQ);

    /// <summary>Sums, [rows, NumHeadsQ].</summary>
    public Memory<float> Sum => _memory.AsMemory(_rows * _numHeadsQ, _rows * _numHeadsQ);

    /// <summary>Gives the memory back.</summary>
    public void Dispose()
    {
        if (_memory is { } memory)
        {
            _memory = null;
            ArrayPool<float>.Shared.Return(memory);
        }
    }
}
