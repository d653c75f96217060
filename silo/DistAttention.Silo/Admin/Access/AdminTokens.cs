using System.Security.Cryptography;
using System.Text;

namespace DistAttention.Silo.Admin.Access;

/// <summary>Who may see what is not for everybody: whoever shows the secret of the section <c>Admin</c>. No tenant's token will do: the dashboard shows the sequences of all.</summary>
internal sealed class AdminTokens(AdminOptions options)
{
    /// <summary>Whether there is a token at all; without one nobody gets in.</summary>
    public bool IsAnyKnown => Secret() is not null;

    /// <summary>Whether a token is the one. Takes as long whatever it is.</summary>
    public bool Accepts(string? token) =>
        !string.IsNullOrEmpty(token) && Secret() is { } secret && CryptographicOperations.FixedTimeEquals(HashOf(token), HashOf(secret));

    private static byte[] HashOf(string text) => SHA256.HashData(Encoding.UTF8.GetBytes(text));

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
