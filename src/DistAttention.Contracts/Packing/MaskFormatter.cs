using MessagePack;
using MessagePack.Formatters;

namespace DistAttention.Contracts;

/// <summary>
/// A mask: [kind, fields of the kind…]. Kinds are numbers that are never given to another; masks inside masks are nested, data is raw bytes.
/// </summary>
internal sealed class MaskFormatter : IMessagePackFormatter<AttentionMask?>
{
    private enum Kind
    {
        Full = 0,
        Causal = 1,
        Window = 2,
        Last = 3,
        Chunk = 4,
        Dilated = 5,
        Prefix = 6,
        Streaming = 7,
        Keys = 8,
        Queries = 9,
        Global = 10,
        Longformer = 11,
        BigBird = 12,
        Random = 13,
        Image = 14,
        Segments = 15,
        Graph = 16,
        Blocks = 17,
        Bits = 18,
        All = 19,
        Any = 20,
        Not = 21,
    }

    public void Serialize(ref MessagePackWriter writer, AttentionMask? value, MessagePackSerializerOptions options)
    {
        switch (value)
        {
            case FullMask:
                Begin(ref writer, Kind.Full, 0);
                break;
            case CausalMask:
                Begin(ref writer, Kind.Causal, 0);
                break;
            case SlidingWindowMask window:
                Begin(ref writer, Kind.Window, 2);
                Fields.WriteNullable(ref writer, window.Left);
                Fields.WriteNullable(ref writer, window.Right);
                break;
            case LastPositionsMask last:
                Numbers(ref writer, Kind.Last, last.Count);
                break;
            case ChunkMask chunk:
                Numbers(ref writer, Kind.Chunk, chunk.Length, chunk.Back, chunk.Ahead);
                break;
            case DilatedMask dilated:
                Numbers(ref writer, Kind.Dilated, dilated.Stride, dilated.Offset);
                break;
            case PrefixMask prefix:
                Numbers(ref writer, Kind.Prefix, prefix.Count);
                break;
            case StreamingMask streaming:
                Numbers(ref writer, Kind.Streaming, streaming.Sinks, streaming.Window);
                break;
            case KeySetMask keys:
                Begin(ref writer, Kind.Keys, 1);
                MaskData.Write(ref writer, keys.Keys);
                break;
            case QuerySetMask queries:
                Begin(ref writer, Kind.Queries, 1);
                MaskData.Write(ref writer, queries.Queries);
                break;
            case GlobalMask global:
                Begin(ref writer, Kind.Global, 2);
                MaskData.Write(ref writer, global.Tokens);
                writer.Write(global.Symmetric);
                break;
            case LongformerMask longformer:
                Begin(ref writer, Kind.Longformer, 4);
                writer.Write(longformer.Window);
                writer.Write(longformer.Dilation);
                writer.Write(longformer.Symmetric);
                MaskData.Write(ref writer, longformer.Tokens);
                break;
            case BigBirdMask bigBird:
                Begin(ref writer, Kind.BigBird, 6);
                writer.Write(bigBird.Window);
                writer.Write(bigBird.GlobalBlocks);
                writer.Write(bigBird.RandomBlocks);
                writer.Write(bigBird.Seed);
                writer.Write(bigBird.Block);
                Fields.WriteNullable(ref writer, bigBird.Length);
                break;
            case RandomBlocksMask random:
                Begin(ref writer, Kind.Random, 6);
                writer.Write(random.Block);
                writer.Write(random.Count);
                writer.Write(random.Seed);
                Fields.WriteNullable(ref writer, random.Length);
                writer.Write(random.Reach);
                writer.Write(random.First);
                break;
            case ImageMask image:
                Begin(ref writer, Kind.Image, 5);
                writer.Write(image.Height);
                writer.Write(image.Width);
                Fields.WriteNullable(ref writer, image.WindowHeight);
                Fields.WriteNullable(ref writer, image.WindowWidth);
                writer.Write(image.Start);
                break;
            case SegmentsMask segments:
                Begin(ref writer, Kind.Segments, 2);
                MaskData.Write(ref writer, segments.Runs);
                writer.Write(segments.Source);
                break;
            case GraphMask graph:
                Begin(ref writer, Kind.Graph, 4);
                MaskData.WriteNumbers(ref writer, graph.Indptr);
                MaskData.WriteNumbers(ref writer, graph.Indices);
                writer.Write(graph.FirstQuery);
                writer.Write(graph.Source);
                break;
            case BlockSparseMask blocks:
                Begin(ref writer, Kind.Blocks, 8);
                MaskData.Write(ref writer, blocks.Map);
                writer.Write(blocks.QueryBlock);
                writer.Write(blocks.KvBlock);
                writer.Write(blocks.FirstQuery);
                writer.Write(blocks.FirstKv);
                writer.Write(blocks.Source);
                break;
            case BitMask bits:
                Begin(ref writer, Kind.Bits, 6);
                MaskData.Write(ref writer, bits.Bits);
                writer.Write(bits.FirstQuery);
                writer.Write(bits.FirstKv);
                writer.Write(bits.Source);
                break;
            case IntersectionMask all:
                Masks(ref writer, Kind.All, all.Masks, options);
                break;
            case UnionMask any:
                Masks(ref writer, Kind.Any, any.Masks, options);
                break;
            case ComplementMask complement:
                Masks(ref writer, Kind.Not, [complement.Mask], options);
                break;
            default:
                throw new MessagePackSerializationException($"mask {value} has no wire form");
        }
    }

    public AttentionMask? Deserialize(ref MessagePackReader reader, MessagePackSerializerOptions options)
    {
        options.Security.DepthStep(ref reader);
        int fields = Fields.Begin(ref reader, 1, "a mask");
        int kind = reader.ReadInt32();
        int known = KnownFields((Kind)kind, fields);
        if (fields < known)
        {
            throw new MessagePackSerializationException($"mask kind {kind} has {fields} fields, at least {known} are needed");
        }

        AttentionMask mask = Read(ref reader, (Kind)kind, known, options);
        Fields.End(ref reader, fields - known);
        reader.Depth--;
        return mask;
    }

    /// <summary>Fields after the kind. Those that hold masks have as many as there are.</summary>
    private static int KnownFields(Kind kind, int given) => kind switch
    {
        Kind.Full or Kind.Causal => 0,
        Kind.Last or Kind.Prefix or Kind.Keys or Kind.Queries or Kind.Not => 1,
        Kind.Window or Kind.Dilated or Kind.Streaming or Kind.Global or Kind.Segments => 2,
        Kind.Chunk => 3,
        Kind.Longformer or Kind.Graph => 4,
        Kind.Image => 5,
        Kind.BigBird or Kind.Random or Kind.Bits => 6,
        Kind.Blocks => 8,
        Kind.All or Kind.Any => given,
        _ => throw new MessagePackSerializationException($"mask kind {(int)kind} is not known"),
    };

    private static AttentionMask Read(ref MessagePackReader reader, Kind kind, int fields, MessagePackSerializerOptions options) => kind switch
    {
        Kind.Full => AttentionMask.Full,
        Kind.Causal => AttentionMask.Causal,
        Kind.Window => new SlidingWindowMask(Fields.ReadNullable(ref reader), Fields.ReadNullable(ref reader)),
        Kind.Last => new LastPositionsMask(reader.ReadInt64()),
        Kind.Chunk => new ChunkMask(reader.ReadInt64(), reader.ReadInt64(), reader.ReadInt64()),
        Kind.Dilated => new DilatedMask(reader.ReadInt64(), reader.ReadInt64()),
        Kind.Prefix => new PrefixMask(reader.ReadInt64()),
        Kind.Streaming => new StreamingMask(reader.ReadInt64(), reader.ReadInt64()),
        Kind.Keys => new KeySetMask(MaskData.ReadPositions(ref reader)!),
        Kind.Queries => new QuerySetMask(MaskData.ReadPositions(ref reader)!),
        Kind.Global => new GlobalMask(MaskData.ReadPositions(ref reader)!, reader.ReadBoolean()),
        Kind.Longformer => ReadLongformer(ref reader),
        Kind.BigBird => new BigBirdMask(reader.ReadInt32(), reader.ReadInt32(), reader.ReadInt32(), reader.ReadUInt64(), reader.ReadInt64(), Fields.ReadNullable(ref reader)),
        Kind.Random => new RandomBlocksMask(reader.ReadInt64(), reader.ReadInt32(), reader.ReadUInt64(), Fields.ReadNullable(ref reader), reader.ReadInt64(), reader.ReadInt64()),
        Kind.Image => new ImageMask(reader.ReadInt32(), reader.ReadInt32(), ReadWindow(ref reader), ReadWindow(ref reader), reader.ReadInt64()),
        Kind.Segments => SegmentsMask.FromRuns(MaskData.ReadRuns(ref reader), reader.ReadString()),
        Kind.Graph => new GraphMask(MaskData.ReadNumbers<long>(ref reader), MaskData.ReadNumbers<int>(ref reader), reader.ReadInt64(), reader.ReadString()),
        Kind.Blocks => new BlockSparseMask(MaskData.ReadBits(ref reader), reader.ReadInt32(), reader.ReadInt32(), reader.ReadInt64(), reader.ReadInt64(), reader.ReadString()),
        Kind.Bits => new BitMask(MaskData.ReadBits(ref reader), reader.ReadInt64(), reader.ReadInt64(), reader.ReadString()),
        Kind.All => IntersectionMask.Of(ReadMasks(ref reader, fields, options)),
        Kind.Any => UnionMask.Of(ReadMasks(ref reader, fields, options)),
        _ => ComplementMask.Of(ReadMasks(ref reader, 1, options)[0]),
    };

    private static LongformerMask ReadLongformer(ref MessagePackReader reader)
    {
        (long window, long dilation, bool symmetric) = (reader.ReadInt64(), reader.ReadInt64(), reader.ReadBoolean());
        return new LongformerMask(window, MaskData.ReadPositions(ref reader), dilation, symmetric);
    }

    private static int? ReadWindow(ref MessagePackReader reader) => reader.TryReadNil() ? null : reader.ReadInt32();

    private static AttentionMask[] ReadMasks(ref MessagePackReader reader, int count, MessagePackSerializerOptions options)
    {
        AttentionMask[] masks = new AttentionMask[count];
        IMessagePackFormatter<AttentionMask?> formatter = options.Resolver.GetFormatterWithVerify<AttentionMask?>();
        for (int i = 0; i < count; i++)
        {
            masks[i] = formatter.Deserialize(ref reader, options) ?? throw new MessagePackSerializationException("a mask is missing");
        }

        return masks;
    }

    private static void Begin(ref MessagePackWriter writer, Kind kind, int fields)
    {
        writer.WriteArrayHeader(fields + 1);
        writer.Write((int)kind);
    }

    private static void Numbers(ref MessagePackWriter writer, Kind kind, params ReadOnlySpan<long> numbers)
    {
        Begin(ref writer, kind, numbers.Length);
        foreach (long number in numbers)
        {
            writer.Write(number);
        }
    }

    private static void Masks(ref MessagePackWriter writer, Kind kind, IReadOnlyList<AttentionMask> masks, MessagePackSerializerOptions options)
    {
        Begin(ref writer, kind, masks.Count);
        IMessagePackFormatter<AttentionMask?> formatter = options.Resolver.GetFormatterWithVerify<AttentionMask?>();
        foreach (AttentionMask mask in masks)
        {
            formatter.Serialize(ref writer, mask, options);
        }
    }
}
