using System.Runtime.InteropServices;
using DistAttention.Kernels;

namespace DistAttention.Testing;

/// <summary>K and V of a sequence packed into blocks in native memory, as an owner would hold them.</summary>
public sealed unsafe class PackedSequence : IDisposable
{
    private readonly List<nint> _blocks = [];

    /// <summary>Makes an empty sequence.</summary>
    /// <param name="layout">How it is stored.</param>
    public PackedSequence(KvLayout layout) => Layout = layout;

    /// <summary>How it is stored.</summary>
    public KvLayout Layout { get; }

    /// <summary>Positions appended.</summary>
    public int Length { get; private set; }

    /// <summary>Packs whole tensors.</summary>
    /// <param name="layout">How to store them.</param>
    /// <param name="k">[positions, NumHeadsKv, HeadDim].</param>
    /// <param name="v">[positions, NumHeadsKv, HeadDimV].</param>
    public static PackedSequence Of(KvLayout layout, ReadOnlySpan<float> k, ReadOnlySpan<float> v)
    {
        PackedSequence sequence = new(layout);
        sequence.Append(k, v);
        return sequence;
    }

    /// <summary>Appends rows.</summary>
    /// <param name="k">[rows, NumHeadsKv, HeadDim].</param>
    /// <param name="v">[rows, NumHeadsKv, HeadDimV].</param>
    public void Append(ReadOnlySpan<float> k, ReadOnlySpan<float> v)
    {
        int kRow = Layout.NumHeadsKv * Layout.HeadDim;
        int vRow = Layout.NumHeadsKv * Layout.PackedHeadDimV;
        for (int done = 0, rows = k.Length / kRow; done < rows;)
        {
            int firstIdx = Length % SequenceFormat.BlockLength;
            if (firstIdx == 0)
            {
                void* memory = NativeMemory.AlignedAlloc((nuint)Layout.BlockBytes, 64);
                NativeMemory.Clear(memory, (nuint)Layout.BlockBytes);
                _blocks.Add((nint)memory);
            }

            int count = Math.Min(rows - done, SequenceFormat.BlockLength - firstIdx);
            KvPacker.Pack(Layout, Block(_blocks.Count - 1), firstIdx, k.Slice(done * kRow, count * kRow), v.Slice(done * vRow, count * vRow));
            done += count;
            Length += count;
        }
    }

    /// <summary>The bytes of one block.</summary>
    /// <param name="index">Which.</param>
    public Span<byte> Block(int index) => new((void*)_blocks[index], checked((int)Layout.BlockBytes));

    /// <summary>What a kernel reads.</summary>
    /// <param name="firstRun">The first run included.</param>
    /// <param name="runCount">Runs included; by default all.</param>
    /// <param name="length">The snapshot; by default everything.</param>
    public KvView View(int firstRun = 0, int runCount = int.MaxValue, long? length = null)
    {
        int first = Math.Min(firstRun * SequenceFormat.BlocksPerRun, _blocks.Count);
        int count = (int)Math.Min((long)runCount * SequenceFormat.BlocksPerRun, _blocks.Count - first);
        return new KvView(
            Layout,
            CollectionsMarshal.AsSpan(_blocks).Slice(first, count),
            (long)firstRun * SequenceFormat.RunLength,
            length ?? Length);
    }

    /// <summary>K and V as stored: rounded to the stored type, values taken out of keys where they are a part of them.</summary>
    public (float[] K, float[] V) Stored()
    {
        float[] k = new float[Length * Layout.NumHeadsKv * Layout.HeadDim];
        float[] v = new float[Length * Layout.NumHeadsKv * Layout.PackedHeadDimV];
        for (int start = 0; start < Length; start += SequenceFormat.BlockLength)
        {
            int count = Math.Min(SequenceFormat.BlockLength, Length - start);
            KvPacker.Unpack(
                Layout,
                Block(start / SequenceFormat.BlockLength),
                0,
                count,
                k.AsSpan(start * Layout.NumHeadsKv * Layout.HeadDim),
                v.AsSpan(start * Layout.NumHeadsKv * Layout.PackedHeadDimV));
        }

        return (k, Layout.ValueFromKeyPrefix ? Prefixes(k) : v);
    }

    private float[] Prefixes(float[] k)
    {
        float[] v = new float[Length * Layout.NumHeadsKv * Layout.HeadDimV];
        for (int i = 0; i < Length * Layout.NumHeadsKv; i++)
        {
            k.AsSpan(i * Layout.HeadDim, Layout.HeadDimV).CopyTo(v.AsSpan(i * Layout.HeadDimV));
        }

        return v;
    }

    /// <summary>Frees the blocks.</summary>
    public void Dispose()
    {
        foreach (nint block in _blocks)
        {
            NativeMemory.AlignedFree((void*)block);
        }

        _blocks.Clear();
        Length = 0;
    }
}
