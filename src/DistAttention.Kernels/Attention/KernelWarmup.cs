using System.Runtime.InteropServices;

namespace DistAttention.Kernels;

/// <summary>
/// Has the kernels of one storage type compiled before the first call needs them: they are generic over it and compiled at full
/// optimisation when first used, which takes a tenth of a second of processor time all together.
/// </summary>
public static unsafe class KernelWarmup
{
    private const int HeadDim = 16;
    private const int Blocks = 2 * SequenceFormat.RunLength / SequenceFormat.BlockLength; // two runs, so that partials are merged
    private const int ManyRows = 128;

    /// <summary>Computes a little with both kernels, of one row and of many, over zeros.</summary>
    /// <param name="type">The storage type.</param>
    /// <param name="scratch">Working memory of this thread.</param>
    public static void Run(KvDataType type, KernelScratch scratch)
    {
        ArgumentNullException.ThrowIfNull(scratch);
        KvLayout layout = new(1, HeadDim, HeadDim, type);
        void* block = NativeMemory.AlignedAlloc((nuint)layout.BlockBytes, 64);
        try
        {
            NativeMemory.Clear(block, (nuint)layout.BlockBytes);
            nint[] blocks = new nint[Blocks];
            Array.Fill(blocks, (nint)block);
            KvView kv = new(layout, blocks, 0, Blocks * SequenceFormat.BlockLength);
            foreach (int rows in (ReadOnlySpan<int>)[1, ManyRows])
            {
                Run(kv, rows, scratch);
            }
        }
        finally
        {
            NativeMemory.AlignedFree(block);
        }
    }

    private static void Run(KvView kv, int rows, KernelScratch scratch)
    {
        float[] q = new float[rows * HeadDim];
        PartialBuffer partial = new(rows, 1, HeadDim);
        QueryTile tile = new(q, rows, 1, kv.Positions.End - rows, CompiledScore.OfScale(1), CompiledMask.Compile(AttentionMask.Causal));
        AttentionKernel.ComputeNode(kv, tile, new NodePart(0, 1, 0, rows, FirstRun: 0, Level: 1), partial.Span, scratch, CancellationToken.None);
        PartialMerge.Finish(partial.Span, q, default);
    }
}
