using DistAttention.Grains;
using DistAttention.Silo.Options;
using DistAttention.Storage;
using Microsoft.Extensions.DependencyInjection;

namespace DistAttention.Silo.Storage;

/// <summary>Opens the storage that the options name.</summary>
internal static class ConfiguredStorage
{
    /// <summary>Adds it, or nothing where nothing is to be kept. Waits until it is open: a silo that cannot keep rows must not start.</summary>
    /// <exception cref="StorageException">It cannot be used, or is kept by another cluster.</exception>
    public static IServiceCollection AddStorage(this IServiceCollection services, StorageOptions options, string cluster)
    {
        if (options.EffectiveMode == StorageMode.None)
        {
            return services;
        }

        string place = options.EffectiveMode == StorageMode.File ? Path.GetFullPath(options.Folder!) : options.ConnectionString!;
        DurableStorage storage = DurableStorage.OpenAsync(place, create: true).AsTask().GetAwaiter().GetResult();
        if (storage.JoinAsync(cluster).AsTask().GetAwaiter().GetResult() is { } mark)
        {
            services.AddSingleton(new StorageIdentity($"{mark:N}", place));
        }

        services.AddSingleton(_ => storage); // made by the container, so that it is closed with it
        services.AddSingleton(static s => s.GetRequiredService<DurableStorage>().Shards);
        services.AddSingleton(static s => s.GetRequiredService<DurableStorage>().Ledgers);
        services.AddHostedService(s => ActivatorUtilities.CreateInstance<StorageSweep>(s, options.SweepEvery));
        return services;
    }
}
