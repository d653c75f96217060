using System.Buffers.Binary;

namespace DistAttention.Engine.TensorFiles;

/// <summary>
/// The header of NumPy's .npy format, versions 1.0, 2.0 and 3.0: magic, version, length, and a Python dictionary literal with
/// the keys 'descr', 'fortran_order' and 'shape'. Source: NumPy Enhancement Proposal 1, numpy/lib/format.py.
/// </summary>
internal static class NpyHeader
{
    // NumPy itself refuses headers above 10,000 bytes unless told otherwise; only structured types come near that.
    private const int MaxLength = 65_535;

    /// <summary>Magic, major, minor, length in 2 bytes (1.0) or 4 (2.0, 3.0).</summary>
    public const int PrefixLength = 12;

    public static ReadOnlySpan<byte> Magic => [0x93, (byte)'N', (byte)'U', (byte)'M', (byte)'P', (byte)'Y'];

    /// <summary>Reads the header and holds it against the length of the file.</summary>
    /// <param name="file">The file.</param>
    /// <param name="integers">Whether booleans and integers are wanted, instead of floating-point numbers.</param>
    public static TensorLayout Read(BoundedFile file, bool integers = false)
    {
        Span<byte> prefix = stackalloc byte[PrefixLength];
        prefix = prefix[..(int)Math.Min(prefix.Length, file.Length)];
        file.ReadExactly(0, prefix);
        if (!prefix.StartsWith(Magic))
        {
            throw file.Error("is not an .npy file, nor named as a tensor of a .safetensors file (file.safetensors:name)");
        }

        (int start, int length) = Extent(file, prefix);
        if (start + length > file.Length)
        {
            throw file.Error("ends inside its .npy header");
        }

        byte[] text = new byte[length];
        file.ReadExactly(start, text);
        TensorLayout layout = Parse(file, text, integers) with { Offset = start + length };
        HoldAgainstLength(file, layout, file.Length - layout.Offset);
        return layout;
    }

    /// <summary>Where the dictionary stands.</summary>
    /// <param name="file">For errors.</param>
    /// <param name="prefix">The first bytes, from the magic on: as many as there are, at most <see cref="PrefixLength"/>.</param>
    public static (int Start, int Length) Extent(ITensorSource file, ReadOnlySpan<byte> prefix)
    {
        if (prefix.Length < PrefixLength - 2)
        {
            throw file.Error("ends inside its .npy header");
        }

        (byte major, byte minor) = (prefix[6], prefix[7]);
        if (minor != 0 || major is < 1 or > 3)
        {
            throw file.Error($"has .npy format {major}.{minor}; 1.0, 2.0 and 3.0 are read");
        }

        (int start, long length) = major == 1 ? (10, BinaryPrimitives.ReadUInt16LittleEndian(prefix[8..]))
            : prefix.Length == PrefixLength ? (PrefixLength, BinaryPrimitives.ReadUInt32LittleEndian(prefix[8..]))
            : throw file.Error("ends inside its .npy header");
        return length <= MaxLength
            ? (start, (int)length)
            : throw file.Error($"has an .npy header of {length:N0} bytes; at most {MaxLength:N0} are read");
    }

    /// <summary>What the dictionary declares; its elements lie from offset 0 on.</summary>
    /// <param name="file">For errors.</param>
    /// <param name="text">The dictionary.</param>
    /// <param name="integers">Whether booleans and integers are wanted, instead of floating-point numbers; null for any.</param>
    public static TensorLayout Parse(ITensorSource file, ReadOnlySpan<byte> text, bool? integers)
    {
        NpyDictionary header = NpyDictionary.Parse(file, text);
        TensorDataType type = (integers ?? header.Descr is not ['<' or '>', 'f', ..]) ? ParseIntegerType(file, header.Descr) : ParseType(file, header.Descr);
        return header.FortranOrder
            ? throw file.Error("is in Fortran order; save it in C order (numpy.ascontiguousarray)")
            : new TensorLayout(type, header.Shape, 0);
    }

    private static TensorDataType ParseType(ITensorSource file, string descr) => descr switch
    {
        "<f4" => TensorDataType.Float32,
        "<f2" => TensorDataType.Float16,
        "<f8" => TensorDataType.Float64,
        ">f4" or ">f2" or ">f8" => throw file.Error($"is big-endian ({UntrustedText.Quote(descr)}); save it as little-endian ('<{descr[1..]}')"),
        _ => throw file.Error($"holds elements of type {UntrustedText.Quote(descr)}; '<f4', '<f2' and '<f8' (float32, float16, float64) are read"),
    };

    private static TensorDataType ParseIntegerType(ITensorSource file, string descr) => descr switch
    {
        "|b1" => TensorDataType.Boolean,
        "|u1" => TensorDataType.UInt8,
        "|i1" => TensorDataType.Int8,
        "<i2" => TensorDataType.Int16,
        "<i4" => TensorDataType.Int32,
        "<i8" => TensorDataType.Int64,
        _ => throw file.Error($"holds elements of type {UntrustedText.Quote(descr)}; masks are read from '|b1', '|u1', '|i1', '<i2', '<i4' and '<i8' (booleans and integers)"),
    };

    private static void HoldAgainstLength(BoundedFile file, TensorLayout layout, long available)
    {
        string declared = TensorLayout.Describe(layout.Shape, layout.Type);
        long bytes = layout.RequireBytes(file);
        if (bytes > available)
        {
            throw file.Error($"is truncated: it declares {declared}, {bytes:N0} bytes, but holds {available:N0}");
        }

        if (bytes < available)
        {
            throw file.Error($"has {available - bytes:N0} bytes after the {bytes:N0} of the {declared} that it declares");
        }
    }
}
