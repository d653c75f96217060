using System.Net;
using DistAttention.Silo.Options;
using Microsoft.Extensions.Options;

namespace DistAttention.Silo.Admin;

/// <summary>The rules of <see cref="AdminOptions"/>. No message repeats a secret.</summary>
internal sealed class AdminOptionsValidator : IValidateOptions<AdminOptions>
{
    private const int MaxPort = 65_535;

    public ValidateOptionsResult Validate(string? name, AdminOptions options)
    {
        Rules rules = new(AdminOptions.Section);
        rules.RequireBetween(options.Port ?? 1, 1, MaxPort, nameof(options.Port));
        rules.Require(IPAddress.TryParse(options.Address, out _), nameof(options.Address), $"'{options.Address}' is not an IP address");
        rules.Require(
            options.Token is null || options.Token.Trim().Length >= AdminOptions.MinTokenLength, nameof(options.Token), $"has fewer than {AdminOptions.MinTokenLength} characters");
        rules.Require(options.Token is null || options.TokenFile is null, nameof(options.TokenFile), $"is set, and so is {nameof(options.Token)}");
        rules.Require(options.TokenFile is null || File.Exists(options.TokenFile), nameof(options.TokenFile), $"'{options.TokenFile}' does not exist");
        rules.Require(
            !options.MetricsNeedToken || options.Token is not null || options.TokenFile is not null,
            nameof(options.MetricsNeedToken),
            $"is true, but there is neither {nameof(options.Token)} nor {nameof(options.TokenFile)}");
        rules.Require(
            options.OrleansDashboardUrl is null || (Uri.TryCreate(options.OrleansDashboardUrl, UriKind.Absolute, out Uri? uri) && uri.Scheme is "http" or "https"),
            nameof(options.OrleansDashboardUrl),
            $"'{options.OrleansDashboardUrl}' is not an address such as http://127.0.0.1:8090");
        return rules.Result;
    }
}
