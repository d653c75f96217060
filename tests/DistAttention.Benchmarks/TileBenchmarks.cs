using BenchmarkDotNet.Attributes;
using DistAttention.Kernels;
using DistAttention.Testing;

namespace DistAttention.Benchmarks;

/// <summary>One run (1,024 positions) of one head, in cache: what kernels cost when memory does not.</summary>
[MemoryDiagnoser]
public class TileBenchmarks
{
    private const int Positions = SequenceFormat.RunLength;

    private PackedSequence _sequence = null!;
    private KernelScratch _scratch = null!;
    private PartialBuffer _partial = null!;
    private float[] _q = null!;

    /// <summary>Query rows: 1 and 4 decode, the rest prefill.</summary>
    [Params(1, 4, 16, 64, 256)]
    public int Rows { get; set; }

    /// <summary>Head size.</summary>
    [Params(64, 128)]
    public int HeadDim { get; set; }

    /// <summary>Storage of K and V.</summary>
    [Params(KvDataType.Float32, KvDataType.BFloat16, KvDataType.Float16, KvDataType.Int8)]
    public KvDataType KvType { get; set; }

    /// <summary>Packs K and V.</summary>
    [GlobalSetup]
    public void Pack()
    {
        SeededData data = new(1);
        _sequence = PackedSequence.Of(new KvLayout(1, HeadDim, HeadDim, KvType), data.Normal(Positions * HeadDim), data.Normal(Positions * HeadDim));
        _scratch = new KernelScratch();
        _partial = new PartialBuffer(Rows, 1, HeadDim);
        _q = data.Normal(Rows * HeadDim);
    }

    /// <summary>Frees them.</summary>
    [GlobalCleanup]
    public void Free()
    {
        _sequence.Dispose();
        _scratch.Dispose();
    }

    /// <summary>Every query sees every key.</summary>
    [Benchmark]
    public void Full() => Compute(AttentionMask.Full);

    /// <summary>The queries are the last rows.</summary>
    [Benchmark]
    public void Causal() => Compute(AttentionMask.Causal);

    private void Compute(AttentionMask mask)
    {
        QueryTile q = new(_q, Rows, 1, Positions - Rows, CompiledScore.OfScale(1 / MathF.Sqrt(HeadDim)), CompiledMask.Compile(mask));
        AttentionKernel.ComputeNode(_sequence.View(), 0, q, 0, Rows, 0, 0, _partial.Span, _scratch, CancellationToken.None);
    }
}
