using DistAttention.Engine.Ledger;
using DistAttention.Engine.Shards;
using DistAttention.Silo.Options;
using DistAttention.Storage;
using Microsoft.Extensions.DependencyInjection;

namespace DistAttention.Silo.Storage;

/// <summary>Opens the storage that the options name.</summary>
internal static class ConfiguredStorage
{
    /// <summary>Adds it, or nothing where nothing is to be kept.</summary>
    /// <exception cref="StorageException">It cannot be used.</exception>
    public static IServiceCollection AddStorage(this IServiceCollection services, StorageOptions options)
    {
        if (options.EffectiveMode == StorageMode.None)
        {
            return services;
        }

        FileStorage storage = new(Path.GetFullPath(options.Folder!));
        services.AddSingleton(storage);
        services.AddSingleton<IShardStore>(storage.Shards);
        services.AddSingleton<ILedgerStore>(storage.Ledgers);
        services.AddHostedService(s => ActivatorUtilities.CreateInstance<StorageSweep>(s, options.SweepEvery));
        return services;
    }
}
