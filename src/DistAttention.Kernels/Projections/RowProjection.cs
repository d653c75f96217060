using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace DistAttention.Kernels;

/// <summary>
/// Rows times a matrix per head: each result is one chain of fused multiply-adds over the row's components, ascending, from
/// +0, and so does not depend on the vectors that compute several of them side by side.
/// </summary>
internal static unsafe class RowProjection
{
    /// <summary>destination[row][head][c] = Σ over r of rows[row][head][r] · weights[head][r][c].</summary>
    /// <param name="weights">[heads or 1, inputs, outputs].</param>
    /// <param name="rows">[count, heads, inputs].</param>
    /// <param name="heads">Heads of a row.</param>
    /// <param name="destination">[count, heads, outputs].</param>
    public static void Run(FloatTable weights, ReadOnlySpan<float> rows, int heads, Span<float> destination)
    {
        int inputs = weights.Shape[1];
        int outputs = weights.Shape[2];
        int vectors = rows.Length / inputs; // row · heads + head
        int ownHeads = weights.Shape[0];
        if (ownHeads != 1 && ownHeads != heads)
        {
            throw new ArgumentException($"{weights} is not for {heads} heads.", nameof(weights));
        }

        fixed (float* from = rows, to = destination[..(vectors * outputs)], matrices = weights.Values)
        {
            for (int i = 0; i < vectors; i++)
            {
                nint matrix = ownHeads == 1 ? 0 : (nint)(i % heads) * inputs * outputs;
                RunOne(from + ((nint)i * inputs), matrices + matrix, inputs, outputs, to + ((nint)i * outputs));
            }
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void RunOne(float* row, float* matrix, int inputs, int outputs, float* to)
    {
        int c = 0;
        for (; c <= outputs - 32; c += 32)
        {
            Vector256<float> a0 = Vector256<float>.Zero, a1 = a0, a2 = a0, a3 = a0;
            float* column = matrix + c;
            for (int r = 0; r < inputs; r++, column += outputs)
            {
                Vector256<float> x = Vector256.Create(row[r]);
                a0 = Vector256.FusedMultiplyAdd(x, Vector256.Load(column), a0);
                a1 = Vector256.FusedMultiplyAdd(x, Vector256.Load(column + 8), a1);
                a2 = Vector256.FusedMultiplyAdd(x, Vector256.Load(column + 16), a2);
                a3 = Vector256.FusedMultiplyAdd(x, Vector256.Load(column + 24), a3);
            }

            a0.Store(to + c);
            a1.Store(to + c + 8);
            a2.Store(to + c + 16);
            a3.Store(to + c + 24);
        }

        for (; c <= outputs - 8; c += 8)
        {
            Vector256<float> a = Vector256<float>.Zero;
            for (nint r = 0; r < inputs; r++)
            {
                a = Vector256.FusedMultiplyAdd(Vector256.Create(row[r]), Vector256.Load(matrix + (r * outputs) + c), a);
            }

            a.Store(to + c);
        }

        for (; c < outputs; c++)
        {
            float a = 0;
            for (nint r = 0; r < inputs; r++)
            {
                a = MathF.FusedMultiplyAdd(row[r], matrix[(r * outputs) + c], a);
            }

            to[c] = a;
        }
    }
}
