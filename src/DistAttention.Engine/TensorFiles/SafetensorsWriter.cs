using System.Buffers;
using System.Buffers.Binary;
using System.Text;
using System.Text.Json;

namespace DistAttention.Engine.TensorFiles;

/// <summary>A tensor to be written.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Type">How its elements are stored: float32, float16 or bfloat16.</param>
/// <param name="Shape">Its dimensions, the first of which counts rows.</param>
public sealed record SafetensorsTensor(string Name, TensorDataType Type, params IReadOnlyList<long> Shape)
{
    internal long RowLength => Shape.Skip(1).Aggregate(1L, static (product, dimension) => checked(product * dimension));
}

/// <summary>
/// Writes a <c>.safetensors</c> file, rows of each tensor in any order, none of them in memory. Elements are rounded to nearest even; those that
/// came out of the type they go to are exact. Like <see cref="NpyWriter"/>, the file takes its name when it is whole.
/// </summary>
public sealed class SafetensorsWriter : IDisposable
{
    private const int PrefixLength = 8;
    private const int Alignment = 64;
    private const int BufferBytes = 256 * 1024;

    private readonly PublishedFile _file;
    private readonly Dictionary<string, (SafetensorsTensor Tensor, long Offset)> _tensors = [];

    private SafetensorsWriter(PublishedFile file) => _file = file;

    /// <summary>Starts a file, all rows zeros.</summary>
    /// <param name="path">What it will be called; replaced when it exists.</param>
    /// <param name="tensors">Its tensors.</param>
    /// <param name="metadata">Texts that go with them.</param>
    /// <exception cref="TensorFileException">No file can be made there.</exception>
    public static SafetensorsWriter Create(string path, IReadOnlyList<SafetensorsTensor> tensors, IReadOnlyDictionary<string, string> metadata)
    {
        ArgumentNullException.ThrowIfNull(tensors);
        ArgumentNullException.ThrowIfNull(metadata);
        byte[] header = Header(tensors, metadata);
        PublishedFile file = PublishedFile.Create(path);
        try
        {
            SafetensorsWriter writer = new(file);
            long end = header.Length;
            foreach (SafetensorsTensor tensor in tensors)
            {
                writer._tensors.Add(tensor.Name, (tensor, end));
                end += BytesOf(tensor);
            }

            file.Stream.Write(header);
            file.Stream.Flush();
            file.Stream.SetLength(end);
            return writer;
        }
        catch (IOException error)
        {
            file.Dispose();
            throw file.Error(error);
        }
    }

    /// <summary>Writes rows of a tensor; rows written before are replaced.</summary>
    /// <param name="tensor">Its name.</param>
    /// <param name="firstRow">The first of them.</param>
    /// <param name="rows">[rows, elements of a row].</param>
    /// <exception cref="TensorFileException">The disk is full or fails.</exception>
    public void WriteRows(string tensor, long firstRow, ReadOnlySpan<float> rows)
    {
        (SafetensorsTensor declared, long offset) = _tensors[tensor];
        long rowLength = declared.RowLength;
        if (firstRow < 0 || rows.Length % rowLength != 0 || (rows.Length / rowLength) > declared.Shape[0] - firstRow)
        {
            throw new ArgumentException($"{rows.Length} elements are not whole rows of {rowLength} from row {firstRow} of {declared.Shape[0]} on.", nameof(rows));
        }

        int size = declared.Type.Size();
        byte[] buffer = ArrayPool<byte>.Shared.Rent(BufferBytes);
        try
        {
            offset += firstRow * rowLength * size;
            for (int done = 0; done < rows.Length;)
            {
                int count = Math.Min(BufferBytes / size, rows.Length - done);
                Span<byte> bytes = buffer.AsSpan(0, count * size);
                ElementEncoder.Encode(declared.Type, rows.Slice(done, count), bytes);
                RandomAccess.Write(_file.Stream.SafeFileHandle, bytes, offset);
                offset += bytes.Length;
                done += count;
            }
        }
        catch (IOException error)
        {
            throw _file.Error(error);
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }

    /// <summary>Makes the file durable and gives it its name, in one step.</summary>
    /// <exception cref="TensorFileException">The disk is full or fails, or it cannot be renamed.</exception>
    public void Publish()
    {
        _file.Finish();
        _file.Publish();
    }

    /// <summary>Deletes the file unless it was published.</summary>
    public void Dispose() => _file.Dispose();

    private static long BytesOf(SafetensorsTensor tensor) => checked(tensor.Shape[0] * tensor.RowLength * tensor.Type.Size());

    /// <summary>The length in 8 bytes, the JSON, and spaces so that data starts on a multiple of 64.</summary>
    internal static byte[] Header(IReadOnlyList<SafetensorsTensor> tensors, IReadOnlyDictionary<string, string> metadata)
    {
        using MemoryStream bytes = new();
        bytes.Write(new byte[PrefixLength]);
        using (Utf8JsonWriter json = new(bytes))
        {
            json.WriteStartObject();
            json.WriteStartObject(SafetensorsHeader.MetadataName);
            foreach ((string key, string value) in metadata)
            {
                json.WriteString(key, value);
            }

            json.WriteEndObject();
            long end = 0;
            foreach (SafetensorsTensor tensor in tensors)
            {
                json.WriteStartObject(tensor.Name);
                json.WriteString("dtype", SafetensorsHeader.NameOf(tensor.Type));
                WriteIntegers(json, "shape", tensor.Shape);
                WriteIntegers(json, "data_offsets", [end, end + BytesOf(tensor)]);
                json.WriteEndObject();
                end += BytesOf(tensor);
            }

            json.WriteEndObject();
        }

        bytes.Write(Encoding.ASCII.GetBytes(new string(' ', (int)(-bytes.Length & (Alignment - 1)))));
        byte[] header = bytes.ToArray();
        BinaryPrimitives.WriteUInt64LittleEndian(header, (ulong)(header.Length - PrefixLength));
        return header;
    }

    private static void WriteIntegers(Utf8JsonWriter json, string name, IReadOnlyList<long> values)
    {
        json.WriteStartArray(name);
        foreach (long value in values)
        {
            json.WriteNumberValue(value);
        }

        json.WriteEndArray();
    }
}
