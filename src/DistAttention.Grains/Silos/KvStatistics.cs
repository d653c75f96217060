using System.Runtime.CompilerServices;
using DistAttention.Engine.Memory;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Orleans.Statistics;

namespace DistAttention.Grains;

/// <summary>
/// The environment statistics of the silo, resident K/V included: it is native memory, which Orleans, measuring the managed heap,
/// does not see. What publishes load, sheds it or places grains by it then knows how full a silo is.
/// </summary>
internal sealed class KvStatistics(IEnvironmentStatisticsProvider managed, ByteBudget budget) : IEnvironmentStatisticsProvider, IDisposable
{
    /// <summary>Puts itself in front of the provider that the silo has.</summary>
    public static void AddTo(IServiceCollection services)
    {
        ServiceDescriptor before = services.Last(static s => s.ServiceType == typeof(IEnvironmentStatisticsProvider));
        services.Replace(ServiceDescriptor.Singleton<IEnvironmentStatisticsProvider>(s => new KvStatistics(
            (IEnvironmentStatisticsProvider)(before.ImplementationInstance ?? before.ImplementationFactory?.Invoke(s) ?? ActivatorUtilities.CreateInstance(s, before.ImplementationType!)),
            s.GetRequiredService<ByteBudget>())));
    }

    public EnvironmentStatistics GetEnvironmentStatistics()
    {
        EnvironmentStatistics seen = managed.GetEnvironmentStatistics();
        long native = Math.Clamp(budget.UsedBytes, 0, Math.Max(0, seen.RawAvailableMemoryBytes));
        long filtered = Math.Min(native, Math.Max(0, seen.FilteredAvailableMemoryBytes));
        return Make(
            seen.FilteredCpuUsagePercentage,
            seen.RawCpuUsagePercentage,
            seen.FilteredMemoryUsageBytes + filtered,
            seen.RawMemoryUsageBytes + native,
            seen.FilteredAvailableMemoryBytes - filtered,
            seen.RawAvailableMemoryBytes - native,
            seen.MaximumAvailableMemoryBytes);
    }

    public void Dispose() => (managed as IDisposable)?.Dispose();

    /// <summary>Providers are public, and the constructor of what they provide is not.</summary>
    [UnsafeAccessor(UnsafeAccessorKind.Constructor)]
    private static extern EnvironmentStatistics Make(
        float filteredCpu, float rawCpu, long filteredUsed, long rawUsed, long filteredAvailable, long rawAvailable, long maximum);
}
