using System.Buffers.Binary;
using System.Net.Http.Headers;
using System.Text;
using DistAttention.Engine.TensorFiles;

namespace DistAttention.Http.Tests.Serving;

/// <summary>Bodies of requests, written out by hand rather than by the code under test, and answers read by it.</summary>
internal static class Sent
{
    public const string NpyType = "application/x-npy";
    public const string SafetensorsType = "application/x-safetensors";
    public const string MessagePackType = "application/vnd.msgpack";

    public static HttpContent Json(string text) => Of(Encoding.UTF8.GetBytes(text), "application/json");

    public static HttpContent Of(byte[] bytes, string type)
    {
        ByteArrayContent content = new(bytes);
        content.Headers.ContentType = MediaTypeHeaderValue.Parse(type);
        return content;
    }

    public static HttpContent Npy(params byte[][] documents) => Of([.. documents.SelectMany(static d => d)], NpyType);

    /// <summary>One float32 .npy document.</summary>
    public static byte[] NpyOf(ReadOnlySpan<float> values, params long[] shape) => [.. NpyHead("<f4", shape), .. Raw(values)];

    public static byte[] NpyHead(string descr, params long[] shape)
    {
        string text = $"{{'descr': '{descr}', 'fortran_order': False, 'shape': ({string.Join(", ", shape)}{(shape.Length == 1 ? "," : "")}), }}\n";
        byte[] head = [0x93, .. "NUMPY"u8, 1, 0, 0, 0, .. Encoding.ASCII.GetBytes(text)];
        BinaryPrimitives.WriteUInt16LittleEndian(head.AsSpan(8), (ushort)text.Length);
        return head;
    }

    public static byte[] Raw(ReadOnlySpan<float> values)
    {
        byte[] bytes = new byte[values.Length * sizeof(float)];
        for (int i = 0; i < values.Length; i++)
        {
            BinaryPrimitives.WriteSingleLittleEndian(bytes.AsSpan(i * sizeof(float)), values[i]);
        }

        return bytes;
    }

    public static byte[] RawHalves(ReadOnlySpan<float> values)
    {
        byte[] bytes = new byte[values.Length * 2];
        for (int i = 0; i < values.Length; i++)
        {
            BinaryPrimitives.WriteHalfLittleEndian(bytes.AsSpan(i * 2), (Half)values[i]);
        }

        return bytes;
    }

    /// <summary>One safetensors document.</summary>
    public static byte[] Safetensors(string metadata, params (string Name, string Type, long[] Shape, byte[] Data)[] tensors)
    {
        long end = 0;
        List<string> entries = metadata.Length > 0 ? [$"\"__metadata__\":{metadata}"] : [];
        foreach ((string name, string type, long[] shape, byte[] data) in tensors)
        {
            entries.Add($"\"{name}\":{{\"dtype\":\"{type}\",\"shape\":[{string.Join(",", shape)}],\"data_offsets\":[{end},{end + data.Length}]}}");
            end += data.Length;
        }

        byte[] json = Encoding.UTF8.GetBytes($"{{{string.Join(",", entries)}}}");
        byte[] length = new byte[8];
        BinaryPrimitives.WriteInt64LittleEndian(length, json.Length);
        return [.. length, .. json, .. tensors.SelectMany(static t => t.Data)];
    }

    /// <summary>One MessagePack document of float32 tensors.</summary>
    public static byte[] MessagePack(params (string Name, string Type, long[] Shape, byte[] Data)[] tensors)
    {
        List<byte> bytes = [(byte)(0x80 | tensors.Length)];
        foreach ((string name, string type, long[] shape, byte[] data) in tensors)
        {
            bytes.AddRange([.. MessagePackText(name), 0x83, .. MessagePackText("dtype"), .. MessagePackText(type), .. MessagePackText("shape"), (byte)(0x90 | shape.Length)]);
            foreach (long dimension in shape)
            {
                bytes.AddRange([0xcd, (byte)(dimension >> 8), (byte)dimension]);
            }

            bytes.AddRange([.. MessagePackText("data"), 0xc6, (byte)(data.Length >> 24), (byte)(data.Length >> 16), (byte)(data.Length >> 8), (byte)data.Length, .. data]);
        }

        return [.. bytes];
    }

    public static byte[] MessagePackText(string text) => [(byte)(0xa0 | text.Length), .. Encoding.UTF8.GetBytes(text)];

    /// <summary>The tensors of an .npy answer.</summary>
    public static List<float[]> ReadNpy(byte[] body)
    {
        List<float[]> tensors = [];
        while (body.Length > 0)
        {
            int start = 10 + BinaryPrimitives.ReadUInt16LittleEndian(body.AsSpan(8));
            string path = Path.GetTempFileName();
            string shape = Encoding.ASCII.GetString(body, 10, start - 10).Split('(')[1].Split(')')[0];
            int length = shape.Split(',', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries).Aggregate(1, static (product, d) => product * int.Parse(d, System.Globalization.CultureInfo.InvariantCulture));
            try
            {
                File.WriteAllBytes(path, body[..(start + (length * sizeof(float)))]);
                using TensorFile file = TensorFile.Open(path);
                tensors.Add(file.ReadAll());
            }
            finally
            {
                File.Delete(path);
            }

            body = body[(start + (length * sizeof(float)))..];
        }

        return tensors;
    }

    public static float[] Floats(ReadOnlySpan<byte> bytes)
    {
        float[] values = new float[bytes.Length / sizeof(float)];
        for (int i = 0; i < values.Length; i++)
        {
            values[i] = BinaryPrimitives.ReadSingleLittleEndian(bytes[(i * sizeof(float))..]);
        }

        return values;
    }
}
