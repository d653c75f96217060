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
    private readonly string _path;
    private readonly string _temporaryPath;
    private readonly FileStream _stream;
    private long _missing;
    private bool _finished;
    private bool _published;

    private NpyWriter(string path, long[] shape)
    {
        _path = path;
        _missing = shape.Aggregate(1L, static (product, dimension) => checked(product * dimension));
        string folder = Path.GetDirectoryName(Path.GetFullPath(path)) ?? ".";
        _temporaryPath = Path.Combine(folder, $".distattn-{Path.GetRandomFileName()}.tmp");
        _stream = new FileStream(_temporaryPath, FileMode.CreateNew, FileAccess.Write, FileShare.None, bufferSize: 1 << 16);
    }

    /// <summary>Starts a file.</summary>
    /// <param name="path">What it will be called; replaced when it exists.</param>
    /// <param name="shape">Its dimensions.</param>
    /// <exception cref="TensorFileException">No file can be made there.</exception>
    public static NpyWriter Create(string path, params long[] shape)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        if (Directory.Exists(path))
        {
            throw new TensorFileException(path, "is a folder");
        }

        if (IsDevice(path))
        {
            throw new TensorFileException(path, "is a device; a file in its place would break it");
        }

        NpyWriter? writer = null;
        try
        {
            writer = new NpyWriter(path, shape);
            writer._stream.Write(Header(shape));
            return writer;
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException or NotSupportedException)
        {
            writer?.Dispose();
            throw Explain(path, error);
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
            throw Explain(_path, error);
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
            throw new InvalidOperationException($"{_missing} elements of '{_path}' were never written.");
        }

        try
        {
            _stream.Flush(flushToDisk: true);
            _stream.Dispose();
        }
        catch (IOException error)
        {
            throw Explain(_path, error);
        }

        _finished = true;
        return Convert.ToHexStringLower(_sha256.GetHashAndReset());
    }

    /// <summary>Gives the finished file its name, in one step.</summary>
    /// <exception cref="TensorFileException">It cannot be renamed.</exception>
    public void Publish()
    {
        if (!_finished)
        {
            throw new InvalidOperationException("Finish comes before Publish.");
        }

        try
        {
            File.Move(_temporaryPath, _path, overwrite: true);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            throw Explain(_path, error);
        }

        _published = true;
    }

    /// <summary>Deletes the file unless it was published.</summary>
    public void Dispose()
    {
        _sha256.Dispose();
        try
        {
            _stream.Dispose();
        }
        catch (IOException)
        {
            // the disk is full: what could not be flushed is deleted now
        }

        if (!_published)
        {
            File.Delete(_temporaryPath);
        }
    }

    /// <summary>Format 1.0: magic, version, length, the dictionary, and spaces up to a multiple of 64 bytes, the last one a line feed.</summary>
    private static byte[] Header(long[] shape)
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

    // Replacing is done by renaming, which, for a privileged user, would turn /dev/null into a file.
    private static bool IsDevice(string path)
    {
        string full = Path.GetFullPath(path);
        return !OperatingSystem.IsWindows()
            && full.StartsWith("/dev/", StringComparison.Ordinal)
            && !full.StartsWith("/dev/shm/", StringComparison.Ordinal);
    }

    private static TensorFileException Explain(string path, Exception error) => new(
        path,
        error switch
        {
            DirectoryNotFoundException => "its folder does not exist",
            UnauthorizedAccessException => "may not be written",
            _ => $"cannot be written: {error.Message.TrimEnd('.')}",
        },
        error);

    private void WriteBytes(ReadOnlySpan<byte> bytes)
    {
        _sha256.AppendData(bytes);
        _stream.Write(bytes);
    }
}
