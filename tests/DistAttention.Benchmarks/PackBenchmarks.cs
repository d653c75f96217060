using BenchmarkDotNet.Attributes;
using DistAttention.Kernels;
using DistAttention.Testing;

namespace DistAttention.Benchmarks;

/// <summary>One block of rows on its way in and out.</summary>
[MemoryDiagnoser]
public class PackBenchmarks
{
    private const int Heads = 8;
    private const int HeadDim = 64;
    private const int Floats = SequenceFormat.BlockLength * Heads * HeadDim;

    private readonly float[] _back = new float[Floats];
    private KvLayout _layout;
    private float[] _k = null!;
    private float[] _v = null!;
    private byte[] _block = null!;

    /// <summary>Storage of K and V.</summary>
    [Params(KvDataType.Float32, KvDataType.BFloat16, KvDataType.Float16, KvDataType.Int8)]
    public KvDataType KvType { get; set; }

    /// <summary>Makes a block's worth of rows.</summary>
    [GlobalSetup]
    public void Fill()
    {
        SeededData data = new(1);
        _layout = new KvLayout(Heads, HeadDim, HeadDim, KvType);
        _k = data.Normal(Floats);
        _v = data.Normal(Floats);
        _block = new byte[_layout.BlockBytes];
        Pack();
    }

    /// <summary>Looks for what cannot be stored.</summary>
    [Benchmark]
    public void Validate() => KvPacker.Validate(_layout, _k, _v);

    /// <summary>Stores a whole block.</summary>
    [Benchmark]
    public void Pack() => KvPacker.Pack(_layout, _block, 0, _k, _v);

    /// <summary>Stores one row, as a decode step does.</summary>
    [Benchmark]
    public void PackRow() => KvPacker.Pack(_layout, _block, 77, _k.AsSpan(0, Heads * HeadDim), _v.AsSpan(0, Heads * HeadDim));

    /// <summary>Reads a whole block back.</summary>
    [Benchmark]
    public void Unpack() => KvPacker.Unpack(_layout, _block, 0, SequenceFormat.BlockLength, _back, _back);
}
