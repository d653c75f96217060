using Microsoft.Extensions.Options;

namespace DistAttention.Silo.Options;

/// <summary>The rules of <see cref="HostingOptions"/>.</summary>
internal sealed class HostingOptionsValidator : IValidateOptions<HostingOptions>
{
    public ValidateOptionsResult Validate(string? name, HostingOptions options)
    {
        Rules rules = new(HostingOptions.Section);
        rules.RequireBetween(options.ShutdownTimeout, TimeSpan.FromSeconds(1), TimeSpan.FromHours(1), nameof(options.ShutdownTimeout));
        rules.Require(
            Enum.IsDefined(options.LogFormat), nameof(options.LogFormat), $"is {options.LogFormat}; it is one of {string.Join(", ", Enum.GetNames<LogFormat>())}");
        rules.Require(options.LogFile is null || options.LogFile.Trim().Length > 0, nameof(options.LogFile), "is empty");
        rules.Require(
            options.OwnerLock is null || File.Exists(options.OwnerLock), nameof(options.OwnerLock), $"'{options.OwnerLock}' does not exist; its owner makes and locks it first");
        return rules.Result;
    }
}
