using System.Text;
using DistAttention.Engine.TensorFiles;
using DistAttention.Http.Bodies;

namespace DistAttention.Http.Tensors;

/// <summary>
/// MessagePack: a map of names to tensors, each a map <c>{"dtype": "float32", "shape": [rows, heads, headDim], "data": bin}</c> with its data last, little-endian; a text instead of a
/// tensor is an option of the call. Read as a stream of a handful of token kinds, so that data is never held whole. Source: msgpack/msgpack, spec.md.
/// </summary>
internal sealed class MessagePackFormat : ITensorFormat
{
    public string MediaType => "application/vnd.msgpack";

    public IReadOnlyList<string> Aliases => ["application/msgpack", "application/x-msgpack"];

    public TensorBodyReader Read(BodyBytes body) => new MessagePackReader(body);

    public byte[][] Heads(IReadOnlyList<AnswerTensor> tensors) => [.. tensors.Select((tensor, i) => Head(tensor, i == 0 ? tensors.Count : 0))];

    private static byte[] Head(AnswerTensor tensor, int entries)
    {
        if (tensor.Bytes > uint.MaxValue)
        {
            throw new TensorFileException("answer", $"has {tensor.Bytes:N0} bytes of {tensor.Name}, more than MessagePack can hold; accept application/x-npy or application/x-safetensors, or ask with fewer rows");
        }

        using MemoryStream to = new();
        if (entries > 0)
        {
            to.WriteByte((byte)(0x80 | entries));
        }

        Text(to, tensor.Name);
        to.WriteByte(0x83);
        Text(to, "dtype");
        Text(to, "float32");
        Text(to, "shape");
        to.WriteByte((byte)(0x90 | tensor.Shape.Length));
        foreach (long dimension in tensor.Shape)
        {
            to.WriteByte(0xcf);
            BigEndian(to, (ulong)dimension, sizeof(ulong));
        }

        Text(to, "data");
        to.WriteByte(0xc6);
        BigEndian(to, (ulong)tensor.Bytes, sizeof(uint));
        return to.ToArray();
    }

    /// <summary>A text of fewer than 32 bytes.</summary>
    private static void Text(MemoryStream to, string text)
    {
        byte[] bytes = Encoding.UTF8.GetBytes(text);
        to.WriteByte((byte)(0xa0 | bytes.Length));
        to.Write(bytes);
    }

    private static void BigEndian(MemoryStream to, ulong value, int bytes)
    {
        for (int shift = 8 * (bytes - 1); shift >= 0; shift -= 8)
        {
            to.WriteByte((byte)(value >> shift));
        }
    }
}
