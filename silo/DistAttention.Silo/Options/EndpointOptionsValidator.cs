using System.Net;
using Microsoft.Extensions.Options;

namespace DistAttention.Silo.Options;

/// <summary>The rules of <see cref="EndpointOptions"/>.</summary>
internal sealed class EndpointOptionsValidator : IValidateOptions<EndpointOptions>
{
    private const int MaxPort = 65_535;

    public ValidateOptionsResult Validate(string? name, EndpointOptions options)
    {
        Rules rules = new(EndpointOptions.Section);
        bool isAddress = IPAddress.TryParse(options.Address, out IPAddress? address);
        rules.Require(isAddress, nameof(options.Address), $"'{options.Address}' is not an IP address");
        rules.Require(
            !isAddress || (!address!.Equals(IPAddress.Any) && !address.Equals(IPAddress.IPv6Any)),
            nameof(options.Address),
            $"'{options.Address}' cannot be reached by others; {nameof(options.ListenAddress)} may be that");
        rules.Require(
            options.ListenAddress is null || IPAddress.TryParse(options.ListenAddress, out _),
            nameof(options.ListenAddress),
            $"'{options.ListenAddress}' is not an IP address");
        rules.RequireBetween(options.SiloPort, 1, MaxPort, nameof(options.SiloPort));
        rules.RequireBetween(options.GatewayPort, 1, MaxPort, nameof(options.GatewayPort));
        rules.Require(options.GatewayPort != options.SiloPort, nameof(options.GatewayPort), $"is {options.GatewayPort}, as is {nameof(options.SiloPort)}");
        rules.Require(options.Name is null || options.Name.Trim().Length > 0, nameof(options.Name), "is empty");
        return rules.Result;
    }
}
