using Microsoft.Extensions.Options;

namespace DistAttention.Silo.Options;

/// <summary>The rules of <see cref="ClusteringOptions"/>.</summary>
internal sealed class ClusteringOptionsValidator : IValidateOptions<ClusteringOptions>
{
    public ValidateOptionsResult Validate(string? name, ClusteringOptions options)
    {
        Rules rules = new(ClusteringOptions.Section);
        rules.Require(Enum.IsDefined(options.Mode), nameof(options.Mode), $"is {options.Mode}; it is one of {string.Join(", ", Enum.GetNames<ClusteringMode>())}");
        rules.Require(!string.IsNullOrWhiteSpace(options.Id), nameof(options.Id), "is empty");
        if (options.Mode == ClusteringMode.File)
        {
            rules.Require(!string.IsNullOrWhiteSpace(options.Folder), nameof(options.Folder), "is empty; Mode File needs a folder");
        }

        if (options.Mode == ClusteringMode.PostgreSql)
        {
            rules.Require(!string.IsNullOrWhiteSpace(options.ConnectionString), nameof(options.ConnectionString), "is empty; Mode PostgreSql needs one");
        }

        rules.RequireBetween(options.ProbeTimeout, TimeSpan.FromMilliseconds(100), TimeSpan.FromMinutes(5), nameof(options.ProbeTimeout));
        rules.RequireBetween(options.MissedProbes, 1, 100, nameof(options.MissedProbes));
        rules.RequireBetween(options.Votes, 1, 10, nameof(options.Votes));
        rules.RequireBetween(options.Refresh, TimeSpan.FromMilliseconds(100), TimeSpan.FromHours(1), nameof(options.Refresh));
        return rules.Result;
    }
}
