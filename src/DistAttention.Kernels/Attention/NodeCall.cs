using System.Runtime.CompilerServices;

namespace DistAttention.Kernels;

/// <summary>One call of <see cref="AttentionKernel"/>: cuts its query vectors into chunks, each computed by the kernel that suits it.</summary>
internal unsafe struct NodeCall
{
    public NodeJob Job;
    public int FirstVector;
    public int VectorCount;
    public int Level;
    public long Index;
    public KernelChoice Choice;

    /// <summary>[rows, NumHeadsQ] and [rows, NumHeadsQ, HeadDimV] of the whole query tile.</summary>
    public float* Max;
    public float* Sum;
    public float* Output;

    public void Run<TLanes, TVec>()
        where TLanes : struct, ILanes<TVec>
        where TVec : struct
    {
        switch (Job.Layout.KvType)
        {
            case KvDataType.Float32:
                Run<TLanes, TVec, Float32Element, No>();
                break;
            case KvDataType.Float16:
                Run<TLanes, TVec, Float16Element, No>();
                break;
            case KvDataType.BFloat16:
                Run<TLanes, TVec, BFloat16Element, No>();
                break;
            default:
                Run<TLanes, TVec, Int8Element, Yes>();
                break;
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void Run<TLanes, TVec, TElement, TScaled>()
        where TLanes : struct, ILanes<TVec>
        where TVec : struct
        where TElement : struct, IKvElement
        where TScaled : struct, IChoice
    {
        int partials = NodeFold.PartialsInFlight(Job.Positions);
        int end = FirstVector + VectorCount;
        for (Job.FirstVector = FirstVector; Job.FirstVector < end; Job.FirstVector += Job.VectorCount)
        {
            int left = end - Job.FirstVector;
            bool keyLanes = KernelRule.PrefersKeyLanes<TLanes, TVec>(Choice, left, Job.Layout.HeadDim * TElement.Bytes, TElement.Bytes != sizeof(float));
            Job.VectorCount = Math.Min(
                left, keyLanes ? KernelRule.MaxKeyLaneVectors : QueryLaneKernel<TLanes, TVec, TElement, TScaled>.ChunkVectors(Job.Layout));
            if (keyLanes)
            {
                KeyLaneKernel<TLanes, TVec, TElement, TScaled> kernel = new(Job, partials);
                if (NodeFold.Compute(ref kernel, Job, Level, Index, 0))
                {
                    kernel.Write(0, Job, Max, Sum, Output);
                    continue;
                }
            }
            else
            {
                QueryLaneKernel<TLanes, TVec, TElement, TScaled> kernel = new(Job, partials);
                if (NodeFold.Compute(ref kernel, Job, Level, Index, 0))
                {
                    kernel.Write(0, Job, Max, Sum, Output);
                    continue;
                }
            }

            WriteEmpty();
        }
    }

    private readonly void WriteEmpty()
    {
        int headDimV = Job.Layout.HeadDimV;
        for (int i = 0; i < Job.VectorCount; i++)
        {
            nint slot = Job.Slot(Job.FirstVector + i);
            Max[slot] = float.NegativeInfinity;
            Sum[slot] = 0;
            new Span<float>(Output + (slot * headDimV), headDimV).Clear();
        }
    }
}
