using System.Buffers.Binary;
using System.Runtime.InteropServices;
using System.Security.Cryptography;

namespace DistAttention;

/// <summary>Hashes what a mask is made of: 128 bits of SHA-256 over kinds, numbers and data.</summary>
internal sealed class MaskDigest : IDisposable
{
    private readonly IncrementalHash _hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);

    /// <summary>Adds the name of a kind, which sets its fields apart from those of another kind.</summary>
    public MaskDigest Kind(string kind) => Add(kind.Length).AddData<char>(kind);

    public MaskDigest Add(long value)
    {
        Span<byte> bytes = stackalloc byte[sizeof(long)];
        BinaryPrimitives.WriteInt64LittleEndian(bytes, value);
        _hash.AppendData(bytes);
        return this;
    }

    public MaskDigest Add(long? value) => Add(value is null ? 0 : 1).Add(value ?? 0);

    /// <summary>Adds numbers, in front of which their count must stand.</summary>
    public MaskDigest AddData<T>(ReadOnlySpan<T> values)
        where T : unmanaged
    {
        _hash.AppendData(MemoryMarshal.AsBytes(values));
        return this;
    }

    public UInt128 Finish()
    {
        Span<byte> hash = stackalloc byte[SHA256.HashSizeInBytes];
        _hash.GetHashAndReset(hash);
        return BinaryPrimitives.ReadUInt128LittleEndian(hash);
    }

    public void Dispose() => _hash.Dispose();
}
