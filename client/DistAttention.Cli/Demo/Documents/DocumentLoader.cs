using System.Text;
using System.Text.Unicode;
using DistAttention.Cli.Shell;

namespace DistAttention.Cli.Demo.Documents;

/// <summary>Reads files and folders as UTF-8 text.</summary>
internal static class DocumentLoader
{
    /// <summary>Half of the longest string .NET can hold, so that text and file both fit.</summary>
    private const long MaxFileBytes = 512L << 20;

    private const int BinarySniffBytes = 8192;

    private static readonly UTF8Encoding _utf8 = new(encoderShouldEmitUTF8Identifier: false);

    private static ReadOnlySpan<byte> ByteOrderMark => "\uFEFF"u8;

    /// <summary>Reads every path; a folder gives its text files, all levels, in ordinal order of their paths.</summary>
    /// <param name="paths">Files and folders.</param>
    /// <param name="note">Told of files of a folder that are left out.</param>
    /// <param name="cancellationToken">Looked at between files.</param>
    /// <exception cref="CliException">A path cannot be read, is not UTF-8, or there is no text in it.</exception>
    public static IReadOnlyList<Document> Load(IReadOnlyList<string> paths, Action<string> note, CancellationToken cancellationToken)
    {
        List<Document> documents = [];
        foreach (string path in paths)
        {
            if (Directory.Exists(path))
            {
                documents.AddRange(LoadFolder(path, note, cancellationToken));
            }
            else
            {
                documents.Add(LoadFile(path, path));
            }
        }

        return documents;
    }

    private static List<Document> LoadFolder(string folder, Action<string> note, CancellationToken cancellationToken)
    {
        string[] files = Reading(folder, () => Directory.GetFiles(folder, "*", new EnumerationOptions
        {
            RecurseSubdirectories = true,
            AttributesToSkip = FileAttributes.ReparsePoint | FileAttributes.Hidden | FileAttributes.System,
        }));
        Array.Sort(files, StringComparer.Ordinal);

        List<Document> documents = [];
        List<string> binary = [];
        foreach (string file in files)
        {
            cancellationToken.ThrowIfCancellationRequested();
            string name = Path.GetRelativePath(folder, file);
            if (Reading(file, () => LooksBinary(file)))
            {
                binary.Add(name);
            }
            else if (new FileInfo(file).Length > 0)
            {
                documents.Add(LoadFile(file, name));
            }
        }

        if (binary.Count > 0)
        {
            note($"{folder}: left out {binary.Count:N0} binary {(binary.Count == 1 ? "file" : "files")} ({string.Join(", ", binary.Take(3))}{(binary.Count > 3 ? ", …" : "")}).");
        }

        return documents.Count > 0 ? documents : throw new CliException($"{folder} holds no text file.");
    }

    private static Document LoadFile(string path, string name)
    {
        if (!File.Exists(path))
        {
            throw new CliException($"{path}: there is no such file or folder.");
        }

        byte[] bytes = Reading(path, () => ReadAll(path));
        int invalid = Utf8.IsValid(bytes) ? -1 : FirstInvalidByte(bytes);
        if (invalid >= 0)
        {
            throw new CliException($"{path} is not UTF-8 text: byte {invalid:N0} (0x{bytes[invalid]:X2}) does not belong there.");
        }

        ReadOnlySpan<byte> content = bytes;
        if (content.StartsWith(ByteOrderMark))
        {
            content = content[ByteOrderMark.Length..];
        }

        return new Document(name, _utf8.GetString(content));
    }

    /// <summary>All bytes of a file. Counts while it reads, because a pipe or a device has no length and may never end.</summary>
    private static byte[] ReadAll(string path)
    {
        using FileStream file = File.OpenRead(path);
        using MemoryStream all = new(file.CanSeek ? (int)Math.Min(file.Length, MaxFileBytes) : 0);
        byte[] buffer = new byte[1 << 16];
        for (int read; (read = file.Read(buffer)) > 0; all.Write(buffer, 0, read))
        {
            if (all.Length + read > MaxFileBytes)
            {
                throw new CliException($"{path} is longer than the {MaxFileBytes >> 20} MiB that the demo reads of one file.");
            }
        }

        return all.ToArray();
    }

    private static int FirstInvalidByte(ReadOnlySpan<byte> bytes)
    {
        int at = 0;
        while (at < bytes.Length)
        {
            if (Rune.DecodeFromUtf8(bytes[at..], out _, out int width) != System.Buffers.OperationStatus.Done)
            {
                return at;
            }

            at += width;
        }

        return -1;
    }

    private static bool LooksBinary(string path)
    {
        byte[] head = new byte[BinarySniffBytes];
        using FileStream file = File.OpenRead(path);
        int length = file.ReadAtLeast(head, head.Length, throwOnEndOfStream: false);
        return head.AsSpan(0, length).Contains((byte)0);
    }

    private static T Reading<T>(string path, Func<T> read)
    {
        try
        {
            return read();
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new CliException($"{path} cannot be read: {e.Message}");
        }
    }
}
