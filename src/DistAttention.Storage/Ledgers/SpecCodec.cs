namespace DistAttention.Storage.Ledgers;

/// <summary>
/// A sequence's spec as bytes. The expected mask is kept as its text; one that has no text of its own, being made of data, is kept as
/// full: it decides where shards are placed, never what is answered.
/// </summary>
internal static class SpecCodec
{
    private const byte Version = 1;

    public static void Write(BinaryWriter to, SequenceSpec spec)
    {
        to.Write(Version);
        to.Write(spec.NumHeadsQ);
        to.Write(spec.NumHeadsKv);
        to.Write(spec.HeadDim);
        to.Write(spec.HeadDimV);
        to.Write((byte)spec.KvType);
        to.Write(spec.ShardLength);
        to.Write(TextOf(spec.ExpectedMask));
        to.Write(spec.ExpectedLength ?? -1);
        to.Write(spec.ArithmeticVersion);
    }

    public static SequenceSpec Read(BinaryReader from)
    {
        byte version = from.ReadByte();
        if (version != Version)
        {
            throw new InvalidDataException($"the spec has version {version}; this build reads version {Version}");
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
