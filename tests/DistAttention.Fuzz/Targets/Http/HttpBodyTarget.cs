using System.Buffers;
using System.Buffers.Binary;
using System.IO.Pipelines;
using System.Text;
using DistAttention.Http;
using DistAttention.Http.Bodies;
using DistAttention.Http.Calls;
using DistAttention.Http.Problems;
using DistAttention.Http.Tensors;

namespace DistAttention.Fuzz.Targets.Http;

/// <summary>
/// The body of an append over HTTP: its rows are handed over whole and no more of them than bytes, or it is refused; the same whether its length is declared or it comes in
/// chunks, and in no more memory than what may be held.
/// </summary>
internal sealed class HttpBodyTarget : FuzzTarget
{
    private static readonly SequenceSpec _spec = new() { HeadDim = 2, HeadDimV = 1 };
    private static readonly AttentionHttpOptions _options = new() { MaxHeldBytes = 1 << 20, SliceBytes = 1 << 16 };

    private readonly ITensorFormat _format;
    private readonly Mutator _mutator;

    private HttpBodyTarget(ITensorFormat format, byte[][] good, byte[][] words)
    {
        _format = format;
        _mutator = new Mutator(good, words, longestPiece: 24);
    }

    public static FuzzTarget Npy() => new HttpBodyTarget(
        new NpyFormat(),
        [[.. Npy("<f4", 3, 2), .. Npy("<f4", 3, 1)], Npy("<f2", 5, 3), [.. Npy("<f8", 1, 2), .. Npy("<f8", 1, 1), .. Npy("<f4", 0, 3)]],
        Words("'", "(", ")", ",", "0", "-1", "9223372036854775807", "4294967296", "<f8", "<i4", "|b1", "True", "\n", "\u0093NUMPY"));

    public static FuzzTarget Safetensors() => new HttpBodyTarget(
        new SafetensorsFormat(),
        [Safetensors("""{"k":{"dtype":"F32","shape":[2,1,2],"data_offsets":[0,16]},"v":{"dtype":"F16","shape":[2,1,1],"data_offsets":[16,20]}}""", 20), Safetensors("""{"__metadata__":{"a":"b"},"kv":{"dtype":"F64","shape":[2,3],"data_offsets":[0,48]}}""", 48)],
        Words("\"", "[", "]", ",", "{", "}", ":", "-1", "9223372036854775807", "1e9", "null", "F16", "\\ud800", "k", "v", "kv", "\"k\":{},"));

    public static FuzzTarget MessagePack() => new HttpBodyTarget(
        new MessagePackFormat(),
        [[0x82, .. Packed("k", "float32", 2, 2, 4), .. Packed("v", "float32", 2, 1, 4)], [0x82, 0xa1, (byte)'a', 0xa1, (byte)'b', .. Packed("kv", "<f2", 3, 3, 2)]],
        [.. Words("k", "v", "kv", "dtype", "shape", "data", "float64", "bool"), [0xdf, 0xff, 0xff, 0xff, 0xff], [0xdb, 0x7f, 0xff, 0xff, 0xff], [0xc6, 0xff, 0xff, 0xff, 0xff], [0xcf, 0xff], [0xd3, 0x80], [0xdc, 0xff, 0xff], [0x80], [0xc0]]);

    public override byte[] Make(Random chance) => _mutator.Make(chance);

    public override void Read(byte[] input)
    {
        string declared = Outcome(input, input.Length);
        string chunked = Outcome(input, null);
        Require(IsRefused(declared) == IsRefused(chunked) && (IsRefused(declared) || declared == chunked), $"'{declared}' with its length, '{chunked}' in chunks");
        if (IsRefused(declared))
        {
            throw new TensorRefusedException(declared);
        }
    }

    public override bool IsRefusal(Exception error) => error is TensorRefusedException && !error.Message.Any(static c => c is '\u001b' or '\n');

    public override long? MostAllocated(byte[] input) => input.Length + (4 << 20);

    private static bool IsRefused(string outcome) => outcome.StartsWith("refused", StringComparison.Ordinal);

    /// <summary>What comes of a body: "7 rows", or "refused: why".</summary>
    private string Outcome(byte[] input, long? length)
    {
        long rows = 0;
        try
        {
            ValueTask reading = ReadAsync(input, length, count => rows += count);
            Require(reading.IsCompleted, "waited for bytes that were there");
            reading.GetAwaiter().GetResult();
        }
        catch (Exception error) when (error is DistAttentionException or HttpProblemException)
        {
            return $"refused: {error.Message}";
        }

        Require(rows * 3 * sizeof(short) <= input.Length, $"{rows} rows out of {input.Length} bytes");
        return $"{rows} rows";
    }

    private async ValueTask ReadAsync(byte[] input, long? length, Action<int> received)
    {
        TensorBodyReader reader = _format.Read(new BodyBytes(PipeReader.Create(new ReadOnlySequence<byte>(input)), length));
        KvBody body = new(reader, _spec, _options);
        while (await reader.NextAsync(default).ConfigureAwait(false) is not null)
        {
            await body.ReadAsync((k, v, rows, buffers) =>
            {
                using IDisposable read = buffers;
                Require((k.Length, v.Length) == (rows * 2, rows), $"{k.Length} and {v.Length} elements in {rows} rows");
                received(rows);
                return default;
            }, default).ConfigureAwait(false);
        }
    }

    private static byte[][] Words(params string[] words) => [.. words.Select(Encoding.Latin1.GetBytes)];

    private static byte[] Npy(string type, int rows, int columns)
    {
        string text = $"{{'descr': '{type}', 'fortran_order': False, 'shape': ({rows}, 1, {columns}), }}\n";
        return [0x93, .. "NUMPY"u8, 1, 0, (byte)text.Length, 0, .. Encoding.ASCII.GetBytes(text), .. new byte[rows * columns * (type[2] - '0')]];
    }

    private static byte[] Safetensors(string header, int length)
    {
        byte[] size = new byte[8];
        BinaryPrimitives.WriteInt64LittleEndian(size, header.Length);
        return [.. size, .. Encoding.UTF8.GetBytes(header), .. new byte[length]];
    }

    private static byte[] Packed(string name, string type, byte rows, byte columns, int size) =>
    [
        .. Text(name), 0x83, .. Text("dtype"), .. Text(type), .. Text("shape"), 0x93, rows, 1, columns, .. Text("data"), 0xc4, (byte)(rows * columns * size), .. new byte[rows * columns * size],
    ];

    private static byte[] Text(string text) => [(byte)(0xa0 | text.Length), .. Encoding.UTF8.GetBytes(text)];

    /// <summary>Both ways of reading have refused.</summary>
    private sealed class TensorRefusedException(string message) : Exception(message);
}
