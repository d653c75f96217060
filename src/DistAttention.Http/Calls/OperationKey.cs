using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text;
using DistAttention.Http.Parameters;
using DistAttention.Http.Problems;

namespace DistAttention.Http.Calls;

/// <summary>
/// Operation ids of the parts of one append, made of its <c>Idempotency-Key</c>. Parts are cut by shape and size alone, so a body that is sent again is cut at the same rows, and
/// every part finds its own id again.
/// </summary>
internal sealed class OperationKey
{
    private const int MaxLength = 256;

    private readonly byte[] _seed;

    private OperationKey(byte[] seed) => _seed = seed;

    /// <summary>The key of a request; one of its own where it has none.</summary>
    public static OperationKey Of(ParameterValues values)
    {
        if (values.Text(ApiParameters.IdempotencyKey) is not { } text)
        {
            return new OperationKey(OperationId.New().Value.ToByteArray());
        }

        return text.Length <= MaxLength && text.All(static c => c is > ' ' and < '\u007f')
            ? new OperationKey(Encoding.ASCII.GetBytes(text))
            : throw HttpProblemException.Parameter(ApiParameters.IdempotencyKey.Name, $"is not 1 to {MaxLength} printable ASCII characters");
    }

    /// <summary>The id of one part: the first half of a SHA-256.</summary>
    /// <param name="part">Its number, from 0.</param>
    public OperationId Part(int part)
    {
        Span<byte> hash = stackalloc byte[SHA256.HashSizeInBytes];
        byte[] named = new byte[_seed.Length + sizeof(int)];
        _seed.CopyTo(named, 0);
        BinaryPrimitives.WriteInt32LittleEndian(named.AsSpan(_seed.Length), part);
        SHA256.HashData(named, hash);
        return new OperationId(new Guid(hash[..16]));
    }
}
