using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace DistAttention.Kernels;

/// <summary>
/// A relative bias stored so that query vectors side by side find theirs side by side: per K/V head [qPos − kvPos][GroupSize],
/// with the outermost numbers repeated at both ends as far as a tile may reach past them.
/// </summary>
internal sealed unsafe class LaneBias
{
    /// <summary>More than the lanes of any group.</summary>
    private const int WidestGroup = 64;

    /// <summary>More than the keys of a tile and the rows of a group.</summary>
    private const int Margin = SequenceFormat.BlockLength + WidestGroup;

    private readonly float[] _table; // [NumHeadsKv][2 · (radius + margin) + 1][groupSize]
    private readonly int _groupSize;
    private readonly int _radius;

    public LaneBias(float[] biasLog2, int numHeadsQ, int groupSize, int radius)
    {
        _groupSize = groupSize;
        _radius = radius;
        _table = GC.AllocateUninitializedArray<float>(checked(numHeadsQ * Distances), pinned: true);
        int perHead = (2 * radius) + 1;
        for (int headQ = 0; headQ < numHeadsQ; headQ++)
        {
            int from = (headQ / groupSize * groupSize * Distances) + (headQ % groupSize);
            for (int i = 0; i < Distances; i++)
            {
                int kvMinusQ = Math.Clamp(radius + Margin - i, -radius, radius);
                _table[from + (i * groupSize)] = biasLog2[(headQ * perHead) + radius + kvMinusQ];
            }
        }
    }

    private int Distances => (2 * (_radius + Margin)) + 1;

    /// <summary>
    /// Where the biases of some query vectors against a tile's first key start, and how far on those of the next key are: 0
    /// where all are beyond the radius. Valid as long as this object is held.
    /// </summary>
    /// <param name="headKv">The K/V head.</param>
    /// <param name="vector">The first query vector, as <see cref="NodeJob"/> numbers them.</param>
    /// <param name="rows">Positions of the group of lanes it belongs to.</param>
    /// <param name="start">Position of the tile's first key.</param>
    /// <param name="step">Floats from one key to the next.</param>
    public float* Find(int headKv, int vector, PositionRange rows, long start, out nint step)
    {
        float* head = (float*)Unsafe.AsPointer(ref MemoryMarshal.GetArrayDataReference(_table)) + ((nint)headKv * Distances * _groupSize) + (vector % _groupSize);
        step = 0;
        if (start - (rows.End - 1) >= _radius)
        {
            return head;
        }

        if (rows.Start - (start + SequenceFormat.BlockLength - 1) >= _radius)
        {
            return head + ((nint)(Distances - WidestGroup) * _groupSize);
        }

        long firstRow = rows.Start - start + _radius + Margin;
        step = -_groupSize;
        return head + ((nint)firstRow * _groupSize);
    }
}
