using BenchmarkDotNet.Attributes;
using DistAttention.Kernels;
using DistAttention.Testing;

namespace DistAttention.Benchmarks;

/// <summary>What happens to partials above the kernels.</summary>
[MemoryDiagnoser]
public class MergeBenchmarks
{
    private const int Rows = 512;
    private const int Heads = 8;
    private const int HeadDim = 64;

    private readonly PartialBuffer _left = Make(1);
    private readonly PartialBuffer _right = Make(2);
    private readonly float[] _o = new float[Rows * Heads * HeadDim];
    private readonly float[] _lse = new float[Rows * Heads];

    /// <summary>left = left ⊕ right.</summary>
    [Benchmark]
    public void Merge()
    {
        _left.Span.Sum.Fill(1); // or they would grow without end
        PartialMerge.Merge(_left.Span, _right.Span);
    }

    /// <summary>Divides by the sums.</summary>
    [Benchmark]
    public void Finish() => PartialMerge.Finish(_right.Span, _o, _lse);

    private static PartialBuffer Make(ulong seed)
    {
        PartialBuffer partial = new(Rows, Heads, HeadDim);
        SeededData data = new(seed);
        data.Normal(Rows * Heads).CopyTo(partial.Span.MaxLog2);
        data.Normal(Rows * Heads * HeadDim).CopyTo(partial.Span.Output);
        partial.Span.Sum.Fill(1);
        return partial;
    }
}
