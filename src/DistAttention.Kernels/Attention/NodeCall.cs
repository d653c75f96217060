using System.Runtime.CompilerServices;

namespace DistAttention.Kernels;

/// <summary>One call of <see cref="AttentionKernel"/>: cuts its query vectors into chunks, each computed by the kernel that suits it.</summary>
internal unsafe struct NodeCall
{
    public NodeJob Job;
    public NodePart Part;
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
                Run<TLanes, TVec, Float32Element, Float32Element, No>();
                break;
            case KvDataType.Float16:
                Run<TLanes, TVec, Float16Element, ReducedFloat16Element, No>();
                break;
            case KvDataType.BFloat16:
                Run<TLanes, TVec, BFloat16Element, BFloat16Element, No>();
                break;
            default:
                Run<TLanes, TVec, Int8Element, Int8Element, Yes>();
                break;
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void Run<TLanes, TVec, TElement, TReduced, TScaled>()
        where TLanes : struct, ILanes<TVec>
        where TVec : struct
        where TElement : struct, IKvElement
        where TReduced : struct, IKvElement
        where TScaled : struct, IChoice
    {
        int partials = NodeFold.PartialsInFlight(Job.Positions);
        int end = (Part.FirstRow + Part.RowCount) * Job.GroupSize;
        for (Job.FirstVector = Part.FirstRow * Job.GroupSize; Job.FirstVector < end; Job.FirstVector += Job.VectorCount)
        {
            int left = end - Job.FirstVector;
            Job.HeadKv = Part.FirstHeadKv;
            if (KernelRule.PrefersKeyLanes<TLanes, TVec>(Choice, left, left <= KernelRule.MaxKeyLaneVectors && SeesAll(left)))
            {
                Job.VectorCount = Math.Min(left, KernelRule.MaxKeyLaneVectors);
                RunKeyLanes<TLanes, TVec, TElement, TReduced, TScaled>(partials);
                continue;
            }

            Job.VectorCount = Math.Min(left, QueryLaneKernel<TLanes, TVec, TElement, TScaled>.ChunkVectors(Job.Layout));
            for (; Job.HeadKv < Part.FirstHeadKv + Part.HeadCount; Job.HeadKv++)
            {
                QueryLaneKernel<TLanes, TVec, TElement, TScaled> kernel = new(Job, partials);
                if (NodeFold.Compute(ref kernel, Job, Part.Level, Part.FirstRun >> Part.Level, 0))
                {
                    kernel.Write(0, Job, Max, Sum, Output);
                }
                else
                {
                    WriteEmpty(1);
                }
            }
        }
    }

    /// <summary>Whether the query vectors from the current one on see the whole node, as far as there are positions.</summary>
    private readonly bool SeesAll(int vectors) =>
        Job.Mask.Cover(Job.RowPositions(Job.FirstVector, vectors), Job.Positions.Intersect(NodeFold.Range(Part.Level, Part.FirstRun >> Part.Level))) == Coverage.Full;

    /// <summary>Decode: all K/V heads in turns, except for additive scores, which have no time to wait for memory.</summary>
    private void RunKeyLanes<TLanes, TVec, TElement, TReduced, TScaled>(int partials)
        where TLanes : struct, ILanes<TVec>
        where TVec : struct
        where TElement : struct, IKvElement
        where TReduced : struct, IKvElement
        where TScaled : struct, IChoice
    {
        bool products = !Job.Score.IsAdditive;
        int heads = products ? Part.HeadCount : 1;
        for (; Job.HeadKv < Part.FirstHeadKv + Part.HeadCount; Job.HeadKv += heads)
        {
            bool reduced = products && !Job.Layout.ValueFromKeyPrefix && TryKeyLanes<TLanes, TVec, TReduced, TScaled>(heads, partials);
            if (!reduced)
            {
                TryKeyLanes<TLanes, TVec, TElement, TScaled>(heads, partials);
            }
        }
    }

    /// <summary>Decode of some heads; false when the queries are too large for reduced elements.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private readonly bool TryKeyLanes<TLanes, TVec, TElement, TScaled>(int heads, int partials)
        where TLanes : struct, ILanes<TVec>
        where TVec : struct
        where TElement : struct, IKvElement
        where TScaled : struct, IChoice
    {
        KeyLaneKernel<TLanes, TVec, TElement, TScaled> kernel = new(Job, heads, partials);
        if (!kernel.CanLiftQueries)
        {
            return false;
        }

        if (NodeFold.Compute(ref kernel, Job, Part.Level, Part.FirstRun >> Part.Level, 0))
        {
            kernel.Write(0, Job, Max, Sum, Output);
        }
        else
        {
            WriteEmpty(heads);
        }

        return true;
    }

    /// <summary>Empty partials of the chunk, for so many K/V heads from the current one on.</summary>
    private readonly void WriteEmpty(int heads)
    {
        int headDimV = Job.Layout.HeadDimV;
        NodeJob job = Job;
        for (; job.HeadKv < Job.HeadKv + heads; job.HeadKv++)
        {
            for (int i = 0; i < job.VectorCount; i++)
            {
                nint slot = job.Slot(job.FirstVector + i);
                Max[slot] = float.NegativeInfinity;
                Sum[slot] = 0;
                new Span<float>(Output + (slot * headDimV), headDimV).Clear();
            }
        }
    }
}
