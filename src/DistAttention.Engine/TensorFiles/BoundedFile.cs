using Microsoft.Win32.SafeHandles;

namespace DistAttention.Engine.TensorFiles;

/// <summary>A file open for reading whose length is known, so that whatever it declares can be held against it.</summary>
internal sealed class BoundedFile : ITensorBytes, IDisposable
{
    private readonly SafeFileHandle _handle;

    private BoundedFile(string name, SafeFileHandle handle, long length)
    {
        Name = name;
        _handle = handle;
        Length = length;
    }

    /// <summary>The file as the user named it, for messages.</summary>
    public string Name { get; }

    /// <summary>Its length in bytes when it was opened.</summary>
    public long Length { get; }

    /// <summary>Opens a file.</summary>
    /// <param name="path">Where it is.</param>
    /// <param name="name">How messages call it.</param>
    public static BoundedFile Open(string path, string name)
    {
        SafeFileHandle? handle = null;
        try
        {
            if (Directory.Exists(path))
            {
                throw new TensorFileException(name, "is a folder");
            }

            handle = File.OpenHandle(path);
            return new BoundedFile(name, handle, RandomAccess.GetLength(handle));
        }
        catch (Exception error) when (Explain(error) is { } problem)
        {
            handle?.Dispose();
            throw new TensorFileException(name, problem, error);
        }
    }

    /// <summary>Fills <paramref name="destination"/> from <paramref name="offset"/> on.</summary>
    public void ReadExactly(long offset, Span<byte> destination)
    {
        try
        {
            while (destination.Length > 0)
            {
                int read = RandomAccess.Read(_handle, destination, offset);
                if (read == 0)
                {
                    throw Error("was cut short while it was read");
                }

                offset += read;
                destination = destination[read..];
            }
        }
        catch (Exception error) when (Explain(error) is { } problem)
        {
            throw new TensorFileException(Name, problem, error);
        }
    }

    public TensorFileException Error(string problem, Exception? inner = null) => new(Name, problem, inner);

    public void Dispose() => _handle.Dispose();

    private static string? Explain(Exception error) => error switch
    {
        FileNotFoundException or DirectoryNotFoundException => "there is no such file",
        UnauthorizedAccessException => "may not be read",
        NotSupportedException => "is not a regular file",
        IOException => $"cannot be read: {error.Message.TrimEnd('.')}",
        ArgumentException => "is not a file name",
        _ => null,
    };
}
