using Microsoft.Extensions.Options;

namespace DistAttention.Silo.Options;

/// <summary>The rules of <see cref="StorageOptions"/>.</summary>
internal sealed class StorageOptionsValidator : IValidateOptions<StorageOptions>
{
    public ValidateOptionsResult Validate(string? name, StorageOptions options)
    {
        Rules rules = new(StorageOptions.Section);
        rules.Require(options.Mode is null || Enum.IsDefined(options.Mode.Value), nameof(options.Mode), $"is {options.Mode}; it is one of {string.Join(", ", Enum.GetNames<StorageMode>())}");
        rules.Require(options.Mode != StorageMode.File || !string.IsNullOrWhiteSpace(options.Folder), nameof(options.Folder), "is empty; Mode File needs a folder");
        rules.Require(options.Mode != StorageMode.PostgreSql || !string.IsNullOrWhiteSpace(options.ConnectionString), nameof(options.ConnectionString), "is empty; Mode PostgreSql needs one");
        rules.Require(
            string.IsNullOrWhiteSpace(options.Folder) || (options.Mode ?? StorageMode.File) == StorageMode.File,
            nameof(options.Folder),
            $"is set, but Mode {options.Mode} keeps nothing there");
        rules.Require(
            string.IsNullOrWhiteSpace(options.ConnectionString) || options.EffectiveMode == StorageMode.PostgreSql,
            nameof(options.ConnectionString),
            $"is set, but Mode {options.EffectiveMode} keeps nothing there");
        rules.RequireBetween(options.SweepEvery, TimeSpan.FromSeconds(10), TimeSpan.FromDays(7), nameof(options.SweepEvery));
        return rules.Result;
    }
}
