using System.Runtime.CompilerServices;

namespace DistAttention.Kernels;

/// <summary>The loop of <see cref="MassKernel"/>: chunks of queries, tiles, groups of lanes.</summary>
internal static unsafe class MassPass<TLanes, TVec, TElement, TScaled>
    where TLanes : struct, ILanes<TVec>
    where TVec : struct
    where TElement : struct, IKvElement
    where TScaled : struct, IChoice
{
    private static int GroupLanes => QueryLanes<TLanes, TVec, TElement, TScaled>.GroupLanes;

    public static void Run(ref NodeJob job, PartialSpan root, MassSpan destination)
    {
        int chunk = QueryLaneKernel<TLanes, TVec, TElement, TScaled>.ChunkVectors(job.Layout);
        int end = job.FirstVector + job.VectorCount;
        for (; job.FirstVector < end; job.FirstVector += job.VectorCount)
        {
            job.VectorCount = Math.Min(end - job.FirstVector, chunk);
            Chunk(job, root, destination);
        }
    }

    private static void Chunk(in NodeJob job, PartialSpan root, MassSpan destination)
    {
        int lanes = QueryLanes<TLanes, TVec, TElement, TScaled>.LanesFor(job.VectorCount);
        KernelScratch scratch = job.Scratch;
        scratch.Begin(
            QueryLanes<TLanes, TVec, TElement, TScaled>.ScratchBytes(job, lanes)
            + (2 * KernelScratch.Size<float>(lanes))
            + KernelScratch.Size<float>(GroupLanes)
            + KernelScratch.Size<long>(GroupLanes));
        QueryLanes<TLanes, TVec, TElement, TScaled> queries = new(job);
        float* max = scratch.Take<float>(lanes);
        float* sum = scratch.Take<float>(lanes);
        float* thresholds = scratch.Take<float>(GroupLanes);
        long* sums = scratch.Take<long>(GroupLanes);

        // An empty row, and a lane without one, sees nothing: any origin and divisor that keep NaN away will do.
        for (int lane = 0; lane < lanes; lane++)
        {
            int slot = (int)job.Slot(job.FirstVector + Math.Min(lane, job.VectorCount - 1));
            bool empty = lane >= job.VectorCount || root.MaxLog2[slot] == float.NegativeInfinity;
            max[lane] = empty ? 0 : root.MaxLog2[slot];
            sum[lane] = empty ? 1 : root.Sum[slot];
        }

        PositionRange chunkRows = job.RowPositions(job.FirstVector, job.VectorCount);
        PositionRange needed = job.Mask.Needed(chunkRows, job.Positions);
        long firstTile = needed.Start / SequenceFormat.BlockLength * SequenceFormat.BlockLength;
        for (long start = Math.Max(job.Positions.Start, firstTile); start < needed.End; start += SequenceFormat.BlockLength)
        {
            job.Token.ThrowIfCancellationRequested();
            PositionRange tile = new(start, Math.Min(start + SequenceFormat.BlockLength, job.Positions.End));
            Coverage coverage = job.Mask.Cover(chunkRows, tile);
            if (coverage == Coverage.None || job.IsAbsent(start))
            {
                continue;
            }

            queries.LoadTile(job, start, (int)tile.Length, withValues: false);
            for (int group = 0; group < lanes; group += GroupLanes)
            {
                TileKeys keys = queries.Compute(job, group, coverage, mayPack: false);
                if (keys.Count == 0)
                {
                    continue;
                }

                int groupLanes = queries.GroupLanesAt(group);
                int used = Math.Min(groupLanes, job.VectorCount - group);
                for (int lane = 0; lane < groupLanes; lane += TLanes.Count)
                {
                    Probabilities(job, queries, group, lane, keys, max + group + lane, sum + group + lane);
                }

                AddBins(job, queries.Scores, group, groupLanes, used, start + keys.First, keys.Count, sums, destination);
                AddTop(job, queries.Scores, group, groupLanes, used, start + keys.First, keys.Count, thresholds, destination);
            }
        }
    }

    /// <summary>Raw scores become p = 2^(score − max) / sum in place; −1 where the key is hidden.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Probabilities(in NodeJob job, QueryLanes<TLanes, TVec, TElement, TScaled> queries, int group, int lane, TileKeys keys, float* max, float* sum)
    {
        queries.Finish(job, group, lane, keys);
        float* scores = queries.Scores + lane;
        int lanes = queries.GroupLanesAt(group);
        TVec origin = TLanes.Load(max);
        TVec divisor = TLanes.Load(sum);
        TVec hidden = TLanes.Broadcast(float.NegativeInfinity);
        TVec minusOne = TLanes.Broadcast(-1f);
        for (int key = 0; key < keys.Count; key++, scores += lanes)
        {
            TVec score = TLanes.Load(scores);
            TVec weight = TLanes.Divide(Exp2.OfNonPositive<TLanes, TVec>(TLanes.Subtract(score, origin)), divisor);
            TLanes.Store(scores, TLanes.Select(TLanes.Equal(score, hidden), minusOne, weight));
        }
    }

    private static void AddBins(in NodeJob job, float* weights, int group, int lanes, int used, long start, int keyCount, long* sums, MassSpan destination)
    {
        if (destination.BinCount == 0)
        {
            return;
        }

        int bins = destination.BinCount;
        for (long position = start; position < start + keyCount;)
        {
            // The bin of a position is the last one that starts at or before it.
            int bin = (int)((((Int128)(position + 1) * bins) - 1) / destination.Length);
            long end = Math.Min(start + keyCount, AttentionMass.BinRange(bin, bins, destination.Length).End);
            new Span<long>(sums, lanes).Clear();
            FixedPoint.Add(weights + ((nint)(position - start) * lanes), lanes, (int)(end - position), lanes, sums);
            for (int lane = 0; lane < used; lane++)
            {
                destination.Bins[checked(((int)job.Slot(job.FirstVector + group + lane) * bins) + bin)] += (ulong)sums[lane];
            }

            position = end;
        }
    }

    /// <summary>Compares whole vectors with what is needed to enter the lists; few weights pass.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void AddTop(in NodeJob job, float* weights, int group, int lanes, int used, long start, int keyCount, float* thresholds, MassSpan destination)
    {
        if (destination.TopK == 0)
        {
            return;
        }

        for (int lane = 0; lane < lanes; lane++)
        {
            thresholds[lane] = lane < used
                ? destination.Top((int)job.Slot(job.FirstVector + group + lane)).Threshold(start)
                : float.PositiveInfinity;
        }

        for (int first = 0; first < lanes; first += TLanes.Count)
        {
            TVec threshold = TLanes.Load(thresholds + first);
            float* row = weights + first;
            for (int key = 0; key < keyCount; key++, row += lanes)
            {
                if (!TLanes.Any(TLanes.LessThan(threshold, TLanes.Load(row))))
                {
                    continue;
                }

                for (int lane = 0; lane < TLanes.Count; lane++)
                {
                    if (row[lane] > thresholds[first + lane])
                    {
                        TopList top = destination.Top((int)job.Slot(job.FirstVector + group + first + lane));
                        top.Insert(start + key, row[lane]);
                        thresholds[first + lane] = top.Threshold(start + key + 1);
                    }
                }

                threshold = TLanes.Load(thresholds + first);
            }
        }
    }
}
