using System.Security.Cryptography;
using System.Text;
using DistAttention.Contracts.Access;
using DistAttention.Grains;

namespace DistAttention.Silo.Admin.Access;

/// <summary>Who may see what is not for everybody: whoever shows the secret of the section <c>Admin</c>, or a token with the right <c>Admin</c>.</summary>
internal sealed class AdminTokens(AdminOptions options, AccessOptions access)
{
    private readonly byte[][] _access =
    [
        .. access.Tokens.Where(static t => (t.Rights & Rights.Admin) != 0).Select(static t => Convert.FromHexString(t.Sha256)),
    ];

    /// <summary>Whether there is any token at all; without one nobody gets in.</summary>
    public bool IsAnyKnown => _access.Length > 0 || Secret() is not null;

    /// <summary>Whether a token is known. Takes as long whichever it is.</summary>
    public bool Accepts(string? token)
    {
        if (string.IsNullOrEmpty(token))
        {
            return false;
        }

        byte[] shown = SHA256.HashData(Encoding.UTF8.GetBytes(token));
        bool found = Secret() is { } secret && CryptographicOperations.FixedTimeEquals(shown, SHA256.HashData(Encoding.UTF8.GetBytes(secret)));
        foreach (byte[] known in _access)
        {
            found |= CryptographicOperations.FixedTimeEquals(shown, known);
        }

        return found;
    }

    /// <summary>The secret as it is now; a file that cannot be read, or holds too little, lets nobody in.</summary>
    private string? Secret()
    {
        if (options.TokenFile is null)
        {
            return options.Token?.Trim();
        }

        try
        {
            string? line = File.ReadLines(options.TokenFile).FirstOrDefault()?.Trim();
            return line?.Length >= AdminOptions.MinTokenLength ? line : null;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }
}
