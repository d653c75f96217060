using Microsoft.Extensions.Options;

namespace DistAttention.Grains;

/// <summary>Names every option that is wrong, and why.</summary>
public sealed class DistAttentionOptionsValidator : IValidateOptions<DistAttentionOptions>
{
    /// <inheritdoc/>
    public ValidateOptionsResult Validate(string? name, DistAttentionOptions options)
    {
        List<string> problems = [];
        RequirePositive(options.ComputeThreads, nameof(options.ComputeThreads));
        RequirePositive(options.MemoryBudgetBytes, nameof(options.MemoryBudgetBytes));
        RequirePositive(options.MemoryBytesPerCaller, nameof(options.MemoryBytesPerCaller));
        RequirePositive(options.MaxQueuedJobs, nameof(options.MaxQueuedJobs));
        RequirePositive(options.MaxCalls, nameof(options.MaxCalls));
        RequirePositive(options.MaxCallBytes, nameof(options.MaxCallBytes));
        RequirePositive(options.MaxCallsPerCaller, nameof(options.MaxCallsPerCaller));
        RequirePositive(options.MaxCallBytesPerCaller, nameof(options.MaxCallBytesPerCaller));
        RequirePositive(options.MaxWaitingMessages, nameof(options.MaxWaitingMessages));
        RequirePositive(options.WritesInFlight, nameof(options.WritesInFlight));
        RequirePositive(options.ConnectionsPerPeer, nameof(options.ConnectionsPerPeer));
        RequireTime(options.MinAttemptTime, nameof(options.MinAttemptTime));
        RequireTime(options.ProbeTimeout, nameof(options.ProbeTimeout));
        RequireTime(options.StallTime, nameof(options.StallTime));
        RequireTime(options.ReportMaxAge, nameof(options.ReportMaxAge));
        RequireTime(options.PreambleTimeout, nameof(options.PreambleTimeout));
        RequireTime(options.HedgeTime, nameof(options.HedgeTime));
        RequireTime(options.ExpirySweepInterval, nameof(options.ExpirySweepInterval));
        if (options.WatchInterval != TimeSpan.Zero)
        {
            RequireTime(options.WatchInterval, nameof(options.WatchInterval));
        }

        RequireTime(options.HandOverTime, nameof(options.HandOverTime));
        if (options.RebalanceAfter != TimeSpan.Zero)
        {
            RequireTime(options.RebalanceAfter, nameof(options.RebalanceAfter));
        }

        if (options.Replicas is < 1 or > 2)
        {
            problems.Add($"{nameof(DistAttentionOptions)}.{nameof(options.Replicas)}: {options.Replicas} is not 1 or 2.");
        }

        return problems.Count == 0 ? ValidateOptionsResult.Success : ValidateOptionsResult.Fail(problems);

        void RequirePositive(long value, string property)
        {
            if (value < 1)
            {
                problems.Add($"{nameof(DistAttentionOptions)}.{property}: {value} is not at least 1.");
            }
        }

        void RequireTime(TimeSpan value, string property)
        {
            if (value <= TimeSpan.Zero || value > TimeSpan.FromHours(1))
            {
                problems.Add($"{nameof(DistAttentionOptions)}.{property}: {value} is not between 0 and an hour.");
            }
        }
    }
}
