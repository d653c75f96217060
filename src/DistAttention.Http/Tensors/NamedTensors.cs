using DistAttention.Engine.TensorFiles;
using DistAttention.Http.Problems;

namespace DistAttention.Http.Tensors;

/// <summary>Tensors of a body that the text of a mask or of a score names: what are files on the command line. Held in memory, within a bound.</summary>
internal sealed class NamedTensors(int maxBytes) : IMaskFiles, ITableFiles
{
    private readonly Dictionary<string, Held> _held = new(StringComparer.Ordinal);
    private long _bytes;

    /// <inheritdoc/>
    public long FirstQueryPosition { get; set; }

    /// <summary>Whether there are any.</summary>
    public bool IsEmpty => _held.Count == 0;

    /// <summary>Takes the current tensor of a body.</summary>
    public async ValueTask TakeAsync(TensorBodyReader reader, CancellationToken cancellationToken)
    {
        TensorHead head = reader.Current!;
        long bytes = head.Layout.RequireBytes(reader.Source) * (Held.IsFloat(head) ? 2 : 1); // as they came, and as float32
        if (bytes > maxBytes - _bytes)
        {
            throw HttpProblemException.TooLarge($"{head.Title} {head.Shape} is more than a request may have held: {maxBytes:N0} bytes");
        }

        _bytes += bytes;
        if (!_held.TryAdd(head.Name!, new Held(head, await reader.ReadBytesAsync(cancellationToken).ConfigureAwait(false))))
        {
            throw reader.Error($"has {head.Title} twice");
        }
    }

    /// <inheritdoc/>
    public BitMatrix ReadBits(string name) => Find(name) is var held && held.IsInteger
        ? MaskTensor.ReadBits(held, held.Head.Layout)
        : throw held.Error($"is {held.Head.Layout.Type.Name()}; booleans or integers are needed here");

    /// <inheritdoc/>
    public long[] ReadIntegers(string name) => Find(name) is var held && held.IsInteger
        ? MaskTensor.ReadIntegers(held, held.Head.Layout)
        : throw held.Error($"is {held.Head.Layout.Type.Name()}; integers are needed here");

    /// <inheritdoc/>
    public FloatTable ReadTable(string name, int rank)
    {
        Held held = Find(name);
        int[] shape = [.. held.Head.Layout.Shape.Select(static d => (int)Math.Min(d, int.MaxValue))];
        shape = shape.Length == rank - 1 && rank > 1 ? [1, .. shape] : shape;
        return held.IsInteger ? throw held.Error($"is {held.Head.Layout.Type.Name()}; floating-point numbers are needed here")
            : shape.Length != rank ? throw held.Error($"has the shape {held.Head.Shape}; {rank} dimensions are needed{(rank > 1 ? $", or {rank - 1} for all heads" : "")}")
            : FloatTable.Of(held.Floats(), shape);
    }

    private Held Find(string name) => _held.TryGetValue(name, out Held? held)
        ? held
        : throw new TensorFileException("body", $"has no tensor {UntrustedText.Quote(name)} before the queries, which the options name");

    private sealed class Held(TensorHead head, byte[] bytes) : ITensorBytes
    {
        public TensorHead Head => head;

        public bool IsInteger => !IsFloat(head);

        public static bool IsFloat(TensorHead head) =>
            head.Layout.Type is TensorDataType.Float32 or TensorDataType.Float16 or TensorDataType.BFloat16 or TensorDataType.Float64;

        public TensorFileException Error(string problem, Exception? inner = null) => new(head.Title, problem, inner);

        public void ReadExactly(long offset, Span<byte> destination) => bytes.AsSpan((int)offset, destination.Length).CopyTo(destination);

        public float[] Floats()
        {
            float[] floats = new float[head.Length];
            byte[] copy = [.. bytes]; // decoding may change them
            int refused = head.Layout.Type switch
            {
                TensorDataType.Float32 => Float32Decoder.Decode(copy, floats),
                TensorDataType.Float16 => Float16Decoder.Decode(copy, floats),
                TensorDataType.BFloat16 => BFloat16Decoder.Decode(copy, floats),
                _ => Float64Decoder.Decode(copy, floats),
            };
            return refused < 0 ? floats : throw Error($"holds a value beyond float32 as element {refused:N0}");
        }
    }
}
