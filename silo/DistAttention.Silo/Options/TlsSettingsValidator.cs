using DistAttention.Contracts.Tls;
using Microsoft.Extensions.Options;

namespace DistAttention.Silo.Options;

/// <summary>The rules of <see cref="TlsSettings"/>.</summary>
internal sealed class TlsSettingsValidator : IValidateOptions<TlsSettings>
{
    public ValidateOptionsResult Validate(string? name, TlsSettings options) =>
        options.Problems() is { Count: > 0 } problems ? ValidateOptionsResult.Fail(problems) : ValidateOptionsResult.Success;
}
