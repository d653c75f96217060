using System.Buffers;
using DistAttention.Kernels;

namespace DistAttention.Engine.Execution;

/// <summary>Pooled memory for the partial of some query rows: maxLog2 and sum [rows, NumHeadsQ], output [rows, NumHeadsQ, HeadDimV].</summary>
public sealed class PooledPartial : IDisposable
{
    private readonly int _rows;
    private readonly int _numHeadsQ;
    private readonly int _headDimV;
    private readonly Memory<float> _output; // of somebody else; empty where _memory holds it
    private float[]? _memory;

    /// <summary>Rents memory for an empty partial, (−∞, 0, 0) everywhere.</summary>
    /// <param name="rows">Query rows.</param>
    /// <param name="numHeadsQ">Query heads.</param>
    /// <param name="headDimV">Components of one head of v.</param>
    public PooledPartial(int rows, int numHeadsQ, int headDimV)
        : this(rows, numHeadsQ, headDimV, clear: true)
    {
    }

    private PooledPartial(int rows, int numHeadsQ, int headDimV, Memory<float> output)
    {
        ArgumentOutOfRangeException.ThrowIfNotEqual(output.Length, checked(rows * numHeadsQ * headDimV));
        _rows = rows;
        _numHeadsQ = numHeadsQ;
        _headDimV = headDimV;
        _output = output;
        _memory = ArrayPool<float>.Shared.Rent(checked(rows * numHeadsQ * 2));
    }

    private PooledPartial(int rows, int numHeadsQ, int headDimV, bool clear)
        : this(ArrayPool<float>.Shared.Rent(LengthOf(rows, numHeadsQ, headDimV)), rows, numHeadsQ, headDimV)
    {
        if (clear)
        {
            Span.Clear();
        }
    }

    private PooledPartial(float[] rented, int rows, int numHeadsQ, int headDimV)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(rented.Length, LengthOf(rows, numHeadsQ, headDimV));
        _rows = rows;
        _numHeadsQ = numHeadsQ;
        _headDimV = headDimV;
        _memory = rented;
    }

    /// <summary>Rents memory for a partial that the caller fills.</summary>
    /// <param name="rows">Query rows.</param>
    /// <param name="numHeadsQ">Query heads.</param>
    /// <param name="headDimV">Components of one head of v.</param>
    public static PooledPartial Uninitialized(int rows, int numHeadsQ, int headDimV) => new(rows, numHeadsQ, headDimV, clear: false);

    /// <summary>A partial that the caller fills, the output of which is in memory of the caller's.</summary>
    /// <param name="rows">Query rows.</param>
    /// <param name="numHeadsQ">Query heads.</param>
    /// <param name="headDimV">Components of one head of v.</param>
    /// <param name="output">[rows, NumHeadsQ, HeadDimV]; empty for rented memory.</param>
    internal static PooledPartial Uninitialized(int rows, int numHeadsQ, int headDimV, Memory<float> output) =>
        output.IsEmpty ? Uninitialized(rows, numHeadsQ, headDimV) : new(rows, numHeadsQ, headDimV, output);

    /// <summary>A partial that is there already, in memory rented from <see cref="ArrayPool{T}.Shared"/>.</summary>
    /// <param name="rented">maxLog2, sum and output, one after the other, from the start of the array; given back by <see cref="Dispose"/>.</param>
    /// <param name="rows">Query rows.</param>
    /// <param name="numHeadsQ">Query heads.</param>
    /// <param name="headDimV">Components of one head of v.</param>
    public static PooledPartial OfRented(float[] rented, int rows, int numHeadsQ, int headDimV) => new(rented, rows, numHeadsQ, headDimV);

    /// <summary>Floats that a partial takes.</summary>
    /// <param name="rows">Query rows.</param>
    /// <param name="numHeadsQ">Query heads.</param>
    /// <param name="headDimV">Components of one head of v.</param>
    public static int LengthOf(int rows, int numHeadsQ, int headDimV) => checked(rows * numHeadsQ * (2 + headDimV));

    /// <summary>The partial.</summary>
    public PartialSpan Span
    {
        get
        {
            ObjectDisposedException.ThrowIf(_memory is null, this);
            int heads = _rows * _numHeadsQ;
            return new PartialSpan(_memory, _memory.AsSpan(heads), _output.IsEmpty ? _memory.AsSpan(2 * heads) : _output.Span, _rows, _numHeadsQ, _headDimV);
        }
    }

    /// <summary>All of it: maxLog2, sum and output, one after the other.</summary>
    /// <exception cref="InvalidOperationException">The output is in memory of somebody else.</exception>
    public Memory<float> Memory => _output.IsEmpty
        ? _memory.AsMemory(0, LengthOf(_rows, _numHeadsQ, _headDimV))
        : throw new InvalidOperationException("The output of this partial is not beside the rest of it.");

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
