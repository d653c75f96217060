using System.Buffers;

namespace DistAttention.Engine.TensorFiles;

/// <summary>
/// A tensor in a file, read as float32: an <c>.npy</c> file, or one tensor of a <c>.safetensors</c> file. Opening reads and checks
/// the header only; nothing a header declares is believed before it is held against the length of the file, so no allocation
/// exceeds the file. Reading is safe from many threads.
/// </summary>
public sealed class TensorFile : IDisposable
{
    private const string SafetensorsSuffix = ".safetensors";
    private const int BufferBytes = 256 * 1024;

    private static readonly IReadOnlyDictionary<string, string> _noMetadata = new Dictionary<string, string>();

    private readonly BoundedFile _file;
    private readonly TensorLayout _layout;

    private TensorFile(BoundedFile file, TensorLayout layout, IReadOnlyDictionary<string, string> metadata)
    {
        _file = file;
        _layout = layout;
        Metadata = metadata;
        RowLength = layout.Shape.Skip(1).Aggregate(1L, static (product, dimension) => product * dimension);
    }

    /// <summary>The name it was opened with.</summary>
    public string Name => _file.Name;

    /// <summary>How its elements are stored.</summary>
    public TensorDataType DataType => _layout.Type;

    /// <summary>Its dimensions; elements in C order.</summary>
    public IReadOnlyList<long> Shape => _layout.Shape;

    /// <summary>Its first dimension; 1 for a scalar.</summary>
    public long Rows => _layout.Shape is [long rows, ..] ? rows : 1;

    /// <summary>Elements of one row: the product of the dimensions after the first.</summary>
    public long RowLength { get; }

    /// <summary>Texts that the file holds beside its tensors, untrusted; none in an <c>.npy</c> file.</summary>
    public IReadOnlyDictionary<string, string> Metadata { get; }

    /// <summary>Opens a tensor.</summary>
    /// <param name="name">
    /// <c>path.npy</c>, <c>path.safetensors:tensor</c>, or <c>path.safetensors</c> if that file holds one tensor only.
    /// </param>
    /// <exception cref="TensorFileException">The file is not there, damaged, or of a kind that is not read.</exception>
    public static TensorFile Open(string name)
    {
        ArgumentNullException.ThrowIfNull(name);
        (string path, string? tensor, bool isSafetensors) = SplitName(name);
        BoundedFile file = BoundedFile.Open(path, name);
        try
        {
            IReadOnlyDictionary<string, string> metadata = _noMetadata;
            TensorLayout layout = isSafetensors ? SafetensorsHeader.Read(file, tensor, integers: false, out metadata) : NpyHeader.Read(file);
            return new TensorFile(file, layout, metadata);
        }
        catch
        {
            file.Dispose();
            throw;
        }
    }

    /// <summary>The path of the file in a name that <see cref="Open"/> takes.</summary>
    /// <param name="name">The name.</param>
    public static string PathOf(string name) => SplitName(name).Path;

    /// <summary>Reads whole rows.</summary>
    /// <param name="firstRow">The first of them.</param>
    /// <param name="destination">Receives them, [rows, RowLength].</param>
    /// <exception cref="TensorFileException">The file cannot be read, or holds a float64 that float32 cannot hold.</exception>
    public void ReadRows(long firstRow, Span<float> destination)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(firstRow);
        if (destination.IsEmpty)
        {
            return;
        }

        if (RowLength == 0 || destination.Length % RowLength != 0 || destination.Length / RowLength > Rows - firstRow)
        {
            throw new ArgumentException($"{destination.Length} elements are not whole rows of {RowLength} from row {firstRow} of {Rows} on.", nameof(destination));
        }

        Read(firstRow * RowLength, destination);
    }

    /// <summary>Reads every element.</summary>
    /// <returns>[Rows, RowLength].</returns>
    /// <exception cref="TensorFileException">The file cannot be read, holds a float64 that float32 cannot hold, or is too large for one array.</exception>
    public float[] ReadAll()
    {
        long count = Rows * RowLength;
        if (count > Array.MaxLength)
        {
            throw _file.Error($"holds {count:N0} elements; at most {Array.MaxLength:N0} can be read at once");
        }

        float[] elements = new float[count];
        Read(0, elements);
        return elements;
    }

    /// <inheritdoc/>
    public void Dispose() => _file.Dispose();

    internal static (string Path, string? Tensor, bool IsSafetensors) SplitName(string name)
    {
        int colon = name.IndexOf(SafetensorsSuffix + ":", StringComparison.OrdinalIgnoreCase);
        if (colon >= 0)
        {
            colon += SafetensorsSuffix.Length;
            return (name[..colon], name[(colon + 1)..], true);
        }

        return (name, null, name.EndsWith(SafetensorsSuffix, StringComparison.OrdinalIgnoreCase));
    }

    private void Read(long first, Span<float> destination)
    {
        switch (DataType)
        {
            case TensorDataType.Float32:
                Read<Float32Decoder>(first, destination);
                break;
            case TensorDataType.Float16:
                Read<Float16Decoder>(first, destination);
                break;
            case TensorDataType.BFloat16:
                Read<BFloat16Decoder>(first, destination);
                break;
            default:
                Read<Float64Decoder>(first, destination);
                break;
        }
    }

    private void Read<TDecoder>(long first, Span<float> destination)
        where TDecoder : IElementDecoder
    {
        int size = DataType.Size();
        byte[] buffer = ArrayPool<byte>.Shared.Rent((int)Math.Min(BufferBytes, (long)destination.Length * size));
        try
        {
            int perBuffer = Math.Min(buffer.Length, BufferBytes) / size;
            for (int done = 0; done < destination.Length;)
            {
                int count = Math.Min(perBuffer, destination.Length - done);
                Span<byte> bytes = buffer.AsSpan(0, count * size);
                _file.ReadExactly(_layout.Offset + (first + done) * size, bytes);
                int refused = TDecoder.Decode(bytes, destination.Slice(done, count));
                if (refused >= 0)
                {
                    throw _file.Error($"holds a value beyond float32 as element {first + done + refused:N0}");
                }

                done += count;
            }
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }
}
