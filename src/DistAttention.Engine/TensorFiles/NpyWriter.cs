using System.Buffers.Binary;
using System.Runtime.InteropServices;
using System.Security.Cryptography;
using System.Text;

namespace DistAttention.Engine.TensorFiles;

/// <summary>
/// Writes a float32 <c>.npy</c> file row by row. The rows go to a temporary file in the same folder, which takes the name only when
/// <see cref="Publish"/> is called: a reader sees the whole file or the one before, and disposing without it leaves nothing.
/// </summary>
public sealed class NpyWriter : IDisposable
{
    private const int HeaderAlignment = 64;

    private readonly IncrementalHash _sha256 = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
    private readonly PublishedFile _file;
    private long _missing;

    private NpyWriter(PublishedFile file, long[] shape)
    {
        _file = file;
        _missing = shape.Aggregate(1L, static (product, dimension) => checked(product * dimension));
    }

    /// <summary>Starts a file.</summary>
    /// <param name="path">What it will be called; replaced when it exists.</param>
    /// <param name="shape">Its dimensions.</param>
    /// <exception cref="TensorFileException">No file can be made there.</exception>
    public static NpyWriter Create(string path, params long[] shape)
    {
        PublishedFile file = PublishedFile.Create(path);
        try
        {
            NpyWriter writer = new(file, shape);
            file.Stream.Write(Header(shape));
            return writer;
        }
        catch (IOException error)
        {
            file.Dispose();
            throw file.Error(error);
        }
    }

    /// <summary>Appends elements, in C order.</summary>
    /// <param name="elements">The elements.</param>
    /// <exception cref="TensorFileException">The disk is full or fails.</exception>
    public void Write(ReadOnlySpan<float> elements)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThan(elements.Length, _missing, nameof(elements));
        try
        {
            if (BitConverter.IsLittleEndian)
            {
                WriteBytes(MemoryMarshal.AsBytes(elements));
            }
            else
            {
                Span<byte> one = stackalloc byte[sizeof(float)];
                foreach (float element in elements)
                {
                    BinaryPrimitives.WriteSingleLittleEndian(one, element);
                    WriteBytes(one);
                }
            }
        }
        catch (IOException error)
        {
            throw _file.Error(error);
        }

        _missing -= elements.Length;
    }

    /// <summary>Makes the temporary file durable.</summary>
    /// <returns>SHA-256 over the elements' bytes, header excluded, in lower-case hexadecimal.</returns>
    /// <exception cref="TensorFileException">The disk is full or fails.</exception>
    public string Finish()
    {
        if (_missing != 0)
        {
            throw new InvalidOperationException($"{_missing} elements of '{_file.Path}' were never written.");
        }

        _file.Finish();
        return Convert.ToHexStringLower(_sha256.GetHashAndReset());
    }

    /// <summary>Gives the finished file its name, in one step.</summary>
    /// <exception cref="TensorFileException">It cannot be renamed.</exception>
    public void Publish() => _file.Publish();

    /// <summary>Deletes the file unless it was published.</summary>
    public void Dispose()
    {
        _sha256.Dispose();
        _file.Dispose();
    }

    /// <summary>Format 1.0: magic, version, length, the dictionary, and spaces up to a multiple of 64 bytes, the last one a line feed.</summary>
    internal static byte[] Header(long[] shape)
    {
        string tuple = shape.Length == 1 ? $"({shape[0]},)" : $"({string.Join(", ", shape)})";
        string dictionary = $"{{'descr': '<f4', 'fortran_order': False, 'shape': {tuple}, }}";
        int prefix = NpyHeader.Magic.Length + 4;
        int total = (prefix + dictionary.Length + 1 + HeaderAlignment - 1) / HeaderAlignment * HeaderAlignment;
        byte[] header = new byte[total];
        header.AsSpan().Fill((byte)' ');
        NpyHeader.Magic.CopyTo(header);
        header[6] = 1;
        header[7] = 0;
        BinaryPrimitives.WriteUInt16LittleEndian(header.AsSpan(8), checked((ushort)(total - prefix)));
        Encoding.ASCII.GetBytes(dictionary, header.AsSpan(prefix));
        header[^1] = (byte)'\n';
        return header;
    }

    private void WriteBytes(ReadOnlySpan<byte> bytes)
    {
        _sha256.AppendData(bytes);
        _file.Stream.Write(bytes);
    }
}
