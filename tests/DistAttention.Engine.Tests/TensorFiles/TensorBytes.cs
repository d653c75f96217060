using System.Buffers.Binary;
using System.Runtime.InteropServices;
using System.Text;

namespace DistAttention.Engine.Tests.TensorFiles;

/// <summary>Tensor files made byte by byte, so that they can be wrong.</summary>
internal static class TensorBytes
{
    /// <summary>An .npy file with NumPy's own spelling of the header.</summary>
    public static byte[] Npy(string descr, string shape, byte[] data, byte major = 1, bool fortranOrder = false) =>
        NpyWithHeader($"{{'descr': '{descr}', 'fortran_order': {(fortranOrder ? "True" : "False")}, 'shape': {shape}, }}", data, major);

    /// <summary>An .npy file with any text as its header.</summary>
    public static byte[] NpyWithHeader(string header, byte[] data, byte major = 1)
    {
        int prefix = major == 1 ? 10 : 12;
        string padded = header.PadRight((prefix + header.Length + 1 + 63) / 64 * 64 - prefix - 1) + "\n";
        byte[] file = new byte[prefix + padded.Length + data.Length];
        new byte[] { 0x93, (byte)'N', (byte)'U', (byte)'M', (byte)'P', (byte)'Y', major, 0 }.CopyTo(file, 0);
        if (major == 1)
        {
            BinaryPrimitives.WriteUInt16LittleEndian(file.AsSpan(8), (ushort)padded.Length);
        }
        else
        {
            BinaryPrimitives.WriteUInt32LittleEndian(file.AsSpan(8), (uint)padded.Length);
        }

        Encoding.Latin1.GetBytes(padded, file.AsSpan(prefix));
        data.CopyTo(file, prefix + padded.Length);
        return file;
    }

    /// <summary>A .safetensors file with any text as its header.</summary>
    public static byte[] Safetensors(string header, byte[] data)
    {
        byte[] text = Encoding.UTF8.GetBytes(header);
        byte[] file = new byte[8 + text.Length + data.Length];
        BinaryPrimitives.WriteUInt64LittleEndian(file, (ulong)text.Length);
        text.CopyTo(file, 8);
        data.CopyTo(file, 8 + text.Length);
        return file;
    }

    /// <summary>Values as little-endian bytes; tests run on little-endian machines.</summary>
    public static byte[] Of<T>(params T[] values)
        where T : unmanaged => MemoryMarshal.AsBytes(values.AsSpan()).ToArray();
}
