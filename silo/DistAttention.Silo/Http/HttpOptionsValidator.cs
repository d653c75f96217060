using System.Net;
using DistAttention.Silo.Options;
using Microsoft.Extensions.Options;

namespace DistAttention.Silo.Http;

/// <summary>The rules of <see cref="HttpOptions"/>.</summary>
internal sealed class HttpOptionsValidator : IValidateOptions<HttpOptions>
{
    private const int MaxPort = 65_535;

    public ValidateOptionsResult Validate(string? name, HttpOptions options)
    {
        Rules rules = new(HttpOptions.Section);
        rules.RequireBetween(options.Port ?? 1, 1, MaxPort, nameof(options.Port));
        rules.Require(IPAddress.TryParse(options.Address, out _), nameof(options.Address), $"'{options.Address}' is not an IP address");
        try
        {
            options.Validate();
        }
        catch (InvalidSpecException error)
        {
            rules.Require(false, error.Property, error.Problem);
        }

        return rules.Result;
    }
}
