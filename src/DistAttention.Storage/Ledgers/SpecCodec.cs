using System.Runtime.InteropServices;

namespace DistAttention.Storage.Ledgers;

/// <summary>
/// A sequence's spec as bytes. The expected mask is kept as its text; one that has no text of its own, being made of data, is kept as
/// full: it decides where shards are placed, never what is answered.
/// </summary>
internal static class SpecCodec
{
    private const byte Version = 1;
    private const byte WithTimeToLive = 2;

    public static void Write(BinaryWriter to, SequenceSpec spec)
    {
        to.Write(spec.TimeToLive is null ? Version : WithTimeToLive); // earlier builds read what they know
        to.Write(spec.NumHeadsQ);
        to.Write(spec.NumHeadsKv);
        to.Write(spec.HeadDim);
        to.Write(spec.HeadDimV);
        to.Write((byte)spec.KvType);
        to.Write(spec.ShardLength);
        to.Write(TextOf(spec.ExpectedMask));
        to.Write(spec.ExpectedLength ?? -1);
        to.Write(spec.ArithmeticVersion);
        to.Write(spec.ValueFromKeyPrefix);
        WriteTable(to, spec.KeyProjection);
        WriteRope(to, spec.Rope);
        if (spec.TimeToLive is { } time)
        {
            to.Write(time.Ticks);
        }
    }

    public static SequenceSpec Read(BinaryReader from)
    {
        byte version = from.ReadByte();
        if (version is not (Version or WithTimeToLive))
        {
            throw new InvalidDataException($"the spec has version {version}; this build reads up to version {WithTimeToLive}");
        }

        return new SequenceSpec
        {
            NumHeadsQ = from.ReadInt32(),
            NumHeadsKv = from.ReadInt32(),
            HeadDim = from.ReadInt32(),
            HeadDimV = from.ReadInt32(),
            KvType = (KvDataType)from.ReadByte(),
            ShardLength = from.ReadInt32(),
            ExpectedMask = AttentionMask.Parse(from.ReadString()),
            ExpectedLength = from.ReadInt64() is >= 0 and var length ? length : null,
            ArithmeticVersion = from.ReadInt32(),
            ValueFromKeyPrefix = from.ReadBoolean(),
            KeyProjection = ReadTable(from),
            Rope = ReadRope(from),
            TimeToLive = version == WithTimeToLive ? TimeSpan.FromTicks(from.ReadInt64()) : null,
        };
    }

    private static void WriteTable(BinaryWriter to, FloatTable? table)
    {
        to.Write((byte)(table?.Shape.Length ?? 0));
        if (table is not null)
        {
            foreach (int dimension in table.Shape)
            {
                to.Write(dimension);
            }

            to.Write(MemoryMarshal.AsBytes(table.Values));
        }
    }

    private static FloatTable? ReadTable(BinaryReader from)
    {
        int rank = from.ReadByte();
        if (rank == 0)
        {
            return null;
        }

        long length = 1;
        int[] shape = new int[rank];
        for (int i = 0; i < rank; i++)
        {
            shape[i] = from.ReadInt32();
            length = Math.Clamp(length * shape[i], 0, FloatTable.MaxLength + 1L);
        }

        if (length > FloatTable.MaxLength)
        {
            throw new InvalidDataException($"a table of the shape [{string.Join(", ", shape)}] is too large");
        }

        long left = from.BaseStream.Length - from.BaseStream.Position;
        if (length * sizeof(float) > left)
        {
            throw new InvalidDataException($"a table of the shape [{string.Join(", ", shape)}] does not fit into the {left} bytes that are left");
        }

        byte[] bytes = from.ReadBytes((int)length * sizeof(float));
        return FloatTable.Of(MemoryMarshal.Cast<byte, float>(bytes), shape);
    }

    private static void WriteRope(BinaryWriter to, RotaryEmbedding? rope)
    {
        to.Write(rope?.InverseFrequencies.Length ?? 0);
        if (rope is not null)
        {
            to.Write(MemoryMarshal.AsBytes(rope.InverseFrequencies));
            to.Write(rope.FirstDim);
            to.Write((int)rope.Layout);
            to.Write(rope.AttentionFactor);
        }
    }

    private static RotaryEmbedding? ReadRope(BinaryReader from)
    {
        int pairs = from.ReadInt32();
        if (pairs == 0)
        {
            return null;
        }

        if (pairs is < 0 or > SequenceFormat.MaxHeadDim / 2)
        {
            throw new InvalidDataException($"a rotation of {pairs} pairs cannot be");
        }

        byte[] frequencies = from.ReadBytes(pairs * sizeof(double));
        return new RotaryEmbedding(MemoryMarshal.Cast<byte, double>(frequencies))
        {
            FirstDim = from.ReadInt32(),
            Layout = (RopeLayout)from.ReadInt32(),
            AttentionFactor = from.ReadDouble(),
        };
    }

    private static string TextOf(AttentionMask mask)
    {
        string text = mask.ToString();
        try
        {
            return AttentionMask.Parse(text).Equals(mask) ? text : AttentionMask.Full.ToString();
        }
        catch (MaskSyntaxException)
        {
            return AttentionMask.Full.ToString();
        }
    }
}
