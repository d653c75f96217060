using System.Buffers.Binary;
using System.Text;
using DistAttention.Engine.TensorFiles;

namespace DistAttention.Fuzz.Targets.TensorFiles;

/// <summary>A tensor file: read, or refused with an error whose text is fit for a terminal; never more elements than bytes.</summary>
internal sealed class TensorFileTarget : FuzzTarget
{
    private const string MemoryFolder = "/dev/shm";

    private readonly string _folder = Directory.Exists(MemoryFolder)
        ? Directory.CreateDirectory(Path.Combine(MemoryFolder, $"distattn-fuzz-{Guid.NewGuid():N}")).FullName
        : Directory.CreateTempSubdirectory("distattn-fuzz-").FullName;

    private readonly string _path;
    private readonly string _name;
    private readonly Mutator _mutator;

    private TensorFileTarget(string file, string name, byte[][] corpus, string[] words)
    {
        _path = Path.Combine(_folder, file);
        _name = Path.Combine(_folder, name);
        _mutator = new Mutator(corpus, [.. words.Select(Encoding.UTF8.GetBytes)], longestPiece: 24);
    }

    public static FuzzTarget Npy() => new TensorFileTarget(
        "x.npy",
        "x.npy",
        [NpyBytes("<f4", "(2, 3, 4)", 96), NpyBytes("<f8", "(5, 1)", 40, major: 2), NpyBytes("<f2", "(0, 7)", 0, major: 3)],
        ["'", "(", ")", ",", "{", "}", "[", "-1", "9223372036854775807", "4294967296", "0", "True", "<f8", ">f4", "|O", "shape", "fortran_order", "\n", "\\", "\u001b[2J"]);

    public static FuzzTarget Safetensors() => new TensorFileTarget(
        "x.safetensors",
        "x.safetensors:k",
        [
            SafetensorsBytes("""{"k":{"dtype":"F32","shape":[2,3],"data_offsets":[0,24]},"v":{"dtype":"BF16","shape":[4],"data_offsets":[24,32]}}""", 32),
            SafetensorsBytes("""{"__metadata__":{"a":"b"},"k":{"dtype":"F64","shape":[1,1,1],"data_offsets":[0,8]}}  """, 8),
        ],
        ["\"", "[", "]", "[[[[", ",", "{", "}", ":", "-1", "9223372036854775807", "1e9", "0", "null", "F16", "I4", "\\u0000", "\\ud800", "\\u001b", "k", "\"k\":{},"]);

    public override byte[] Make(Random chance) => _mutator.Make(chance);

    public override void Place(byte[] input) => File.WriteAllBytes(_path, input);

    public override void Read(byte[] input)
    {
        using TensorFile file = TensorFile.Open(_name);
        float[] elements = file.ReadAll();
        Require(elements.Length * 2L <= input.Length, $"{elements.Length} elements out of {input.Length} bytes");
    }

    public override bool IsRefusal(Exception error) => error is TensorFileException && !error.Message.Any(static c => c is '\u001b' or '\n');

    public override void Dispose() => Directory.Delete(_folder, recursive: true);

    private static byte[] NpyBytes(string type, string shape, int length, byte major = 1)
    {
        string text = $"{{'descr': '{type}', 'fortran_order': False, 'shape': {shape}, }}\n";
        byte[] size = major == 1 ? new byte[2] : new byte[4];
        (size[0], size[1]) = ((byte)text.Length, 0);
        return [0x93, .. "NUMPY"u8, major, 0, .. size, .. Encoding.UTF8.GetBytes(text), .. new byte[length]];
    }

    private static byte[] SafetensorsBytes(string header, int length)
    {
        byte[] size = new byte[8];
        BinaryPrimitives.WriteInt64LittleEndian(size, header.Length);
        return [.. size, .. Encoding.UTF8.GetBytes(header), .. new byte[length]];
    }
}
