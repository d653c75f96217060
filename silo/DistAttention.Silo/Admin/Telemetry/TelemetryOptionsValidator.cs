using DistAttention.Silo.Options;
using Microsoft.Extensions.Options;

namespace DistAttention.Silo.Admin.Telemetry;

/// <summary>The rules of <see cref="TelemetryOptions"/>.</summary>
internal sealed class TelemetryOptionsValidator : IValidateOptions<TelemetryOptions>
{
    public ValidateOptionsResult Validate(string? name, TelemetryOptions options)
    {
        Rules rules = new(TelemetryOptions.Section);
        rules.Require(
            !options.IsOn || (Uri.TryCreate(options.OtlpEndpoint, UriKind.Absolute, out Uri? uri) && uri.Scheme is "http" or "https"),
            nameof(options.OtlpEndpoint),
            $"'{options.OtlpEndpoint}' is not an address such as http://collector:4317");
        rules.Require(
            Enum.IsDefined(options.OtlpProtocol), nameof(options.OtlpProtocol), $"is {options.OtlpProtocol}; it is one of {string.Join(", ", Enum.GetNames<OtlpProtocol>())}");
        rules.RequireBetween(options.TraceShare, 0, 1, nameof(options.TraceShare));
        rules.RequireBetween(options.MetricsEvery, TimeSpan.FromMilliseconds(100), TimeSpan.FromHours(1), nameof(options.MetricsEvery));
        return rules.Result;
    }
}
