using System.Runtime.InteropServices;
using System.Security.Cryptography;

namespace DistAttention.Testing;

/// <summary>A short name for the exact bits of some floats: equal digests mean equal bits, −0 and NaN payloads included.</summary>
public static class BitDigest
{
    /// <summary>SHA-256 over the bits of several arrays in turn, as 32 hexadecimal digits.</summary>
    /// <param name="parts">The arrays; how floats are shared out among them does not matter.</param>
    public static string Of(params ReadOnlySpan<float[]> parts)
    {
        using IncrementalHash hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        foreach (float[] part in parts)
        {
            hash.AppendData(MemoryMarshal.AsBytes(part.AsSpan()));
        }

        return Convert.ToHexStringLower(hash.GetHashAndReset().AsSpan(0, 16));
    }
}
