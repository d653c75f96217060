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

    public static ReadOnlySpan<byte> Magic => [0x93, (byte)'N', (byte)'U', (byte)'M', (byte)'P', (byte)'Y'];

    /// <summary>Reads the header and holds it against the length of the file.</summary>
    /// <param name="file">The file.</param>
    /// <param name="integers">Whether booleans and integers are wanted, instead of floating-point numbers.</param>
    public static TensorLayout Read(BoundedFile file, bool integers = false)
    {
        Span<byte> prefix = stackalloc byte[12]; // magic, major, minor, length in 2 bytes (1.0) or 4 (2.0, 3.0)
        prefix = prefix[..(int)Math.Min(prefix.Length, file.Length)];
        file.ReadExactly(0, prefix);
        if (!prefix.StartsWith(Magic))
        {
            throw file.Error("is not an .npy file, nor named as a tensor of a .safetensors file (file.safetensors:name)");
        }

        (int start, long length) = Extent(file, prefix);
        if (length > MaxLength)
        {
            throw file.Error($"has an .npy header of {length:N0} bytes; at most {MaxLength:N0} are read");
        }

        if (start + length > file.Length)
        {
            throw file.Error("ends inside its .npy header");
        }

        byte[] text = new byte[length];
        file.ReadExactly(start, text);
        NpyDictionary header = NpyDictionary.Parse(file, text);
        TensorDataType type = integers ? ParseIntegerType(file, header.Descr) : ParseType(file, header.Descr);
        if (header.FortranOrder)
        {
            throw file.Error("is in Fortran order; save it in C order (numpy.ascontiguousarray)");
        }

        long offset = start + length;
        HoldAgainstLength(file, header.Shape, type, file.Length - offset);
        return new TensorLayout(type, header.Shape, offset);
    }

    private static (int Start, long Length) Extent(BoundedFile file, ReadOnlySpan<byte> prefix)
    {
        if (prefix.Length < 10)
        {
            throw file.Error("ends inside its .npy header");
        }

        (byte major, byte minor) = (prefix[6], prefix[7]);
        if (minor != 0 || major is < 1 or > 3)
        {
            throw file.Error($"has .npy format {major}.{minor}; 1.0, 2.0 and 3.0 are read");
        }

        return major == 1 ? (10, BinaryPrimitives.ReadUInt16LittleEndian(prefix[8..]))
            : prefix.Length == 12 ? (12, BinaryPrimitives.ReadUInt32LittleEndian(prefix[8..]))
            : throw file.Error("ends inside its .npy header");
    }

    private static TensorDataType ParseType(BoundedFile file, string descr) => descr switch
    {
        "<f4" => TensorDataType.Float32,
        "<f2" => TensorDataType.Float16,
        "<f8" => TensorDataType.Float64,
        ">f4" or ">f2" or ">f8" => throw file.Error($"is big-endian ({UntrustedText.Quote(descr)}); save it as little-endian ('<{descr[1..]}')"),
        _ => throw file.Error($"holds elements of type {UntrustedText.Quote(descr)}; '<f4', '<f2' and '<f8' (float32, float16, float64) are read"),
    };

    private static TensorDataType ParseIntegerType(BoundedFile file, string descr) => descr switch
    {
        "|b1" => TensorDataType.Boolean,
        "|u1" => TensorDataType.UInt8,
        "|i1" => TensorDataType.Int8,
        "<i2" => TensorDataType.Int16,
        "<i4" => TensorDataType.Int32,
        "<i8" => TensorDataType.Int64,
        _ => throw file.Error($"holds elements of type {UntrustedText.Quote(descr)}; masks are read from '|b1', '|u1', '|i1', '<i2', '<i4' and '<i8' (booleans and integers)"),
    };

    private static void HoldAgainstLength(BoundedFile file, long[] shape, TensorDataType type, long available)
    {
        string declared = TensorLayout.Describe(shape, type);
        long bytes = TensorLayout.ByteLength(shape, type)
            ?? throw file.Error($"declares {declared}, which is more than any file can hold");
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
