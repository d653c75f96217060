using System.Buffers.Binary;
using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using DistAttention.Contracts;
using Microsoft.Extensions.Options;
using Orleans.Runtime;

namespace DistAttention.Grains;

/// <summary>
/// How a silo shows that it is one. Who sends a message is written in it by its sender, clients included, so it proves nothing; every call
/// between silos carries a signature (HMAC-SHA256 under a key made of the cluster's) of its target, method, tenant and time instead.
/// Should one ever reach a client, it serves for that one method of that one grain, and not for long.
/// </summary>
internal sealed class ClusterProof
{
    /// <summary>How old a signature may be: calls may wait in queues, and clocks of silos differ.</summary>
    private static readonly TimeSpan _lifetime = TimeSpan.FromMinutes(15);

    private readonly byte[] _callKey;
    private readonly byte[] _grantKey;
    private readonly TimeProvider _time;

    public ClusterProof(IOptions<AccessOptions> options, TimeProvider time)
    {
        byte[] key = AccessOptionsValidator.KeyOf(options.Value)!;
        _callKey = KeyFor(key, "distattn call");
        _grantKey = KeyFor(key, "distattn grant");
        _time = time;
    }

    /// <summary>Signs a call of this silo.</summary>
    public byte[] Sign(GrainId target, string interfaceName, string method, string? tenant)
    {
        byte[] proof = new byte[sizeof(long) + HMACSHA256.HashSizeInBytes];
        BinaryPrimitives.WriteInt64LittleEndian(proof, _time.GetUtcNow().ToUnixTimeSeconds());
        Mac(proof.AsSpan(0, sizeof(long)), target, interfaceName, method, tenant, proof.AsSpan(sizeof(long)));
        return proof;
    }

    /// <summary>Whether a silo has signed a call, of late.</summary>
    public bool IsSigned(byte[] proof, GrainId target, string interfaceName, string method, string? tenant)
    {
        if (proof.Length != sizeof(long) + HMACSHA256.HashSizeInBytes)
        {
            return false;
        }

        Span<byte> expected = stackalloc byte[HMACSHA256.HashSizeInBytes];
        Mac(proof.AsSpan(0, sizeof(long)), target, interfaceName, method, tenant, expected);
        double age = Math.Abs((double)_time.GetUtcNow().ToUnixTimeSeconds() - BinaryPrimitives.ReadInt64LittleEndian(proof));
        return CryptographicOperations.FixedTimeEquals(expected, proof.AsSpan(sizeof(long))) && age <= _lifetime.TotalSeconds;
    }

    /// <summary>Lets a tenant's client write to a shard under a fence: what its ledger has reserved, and nothing else.</summary>
    public byte[] Grant(string? tenant, string shardKey, long fence, Packed<SequenceSpec> spec) =>
        HMACSHA256.HashData(_grantKey, Joined(spec.Bytes, tenant, shardKey, fence.ToString(CultureInfo.InvariantCulture)));

    private void Mac(ReadOnlySpan<byte> time, GrainId target, string interfaceName, string method, string? tenant, Span<byte> mac) =>
        HMACSHA256.HashData(_callKey, Joined(time, target.ToString(), interfaceName, method, tenant), mac);

    /// <summary>Each text behind its length, so that no two lists of texts join to the same.</summary>
    private static byte[] Joined(ReadOnlySpan<byte> last, params ReadOnlySpan<string?> texts)
    {
        int size = last.Length;
        foreach (string? text in texts)
        {
            size += sizeof(int) + Encoding.UTF8.GetByteCount(text ?? "");
        }

        byte[] joined = new byte[size];
        int at = 0;
        foreach (string? text in texts)
        {
            int length = Encoding.UTF8.GetBytes(text ?? "", joined.AsSpan(at + sizeof(int)));
            BinaryPrimitives.WriteInt32LittleEndian(joined.AsSpan(at), length);
            at += sizeof(int) + length;
        }

        last.CopyTo(joined.AsSpan(at));
        return joined;
    }

    private static byte[] KeyFor(byte[] key, string use) =>
        HKDF.DeriveKey(HashAlgorithmName.SHA256, key, HMACSHA256.HashSizeInBytes, info: Encoding.ASCII.GetBytes(use));
}
