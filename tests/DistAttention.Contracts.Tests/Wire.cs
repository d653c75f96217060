using Microsoft.Extensions.DependencyInjection;
using Orleans.Serialization;

namespace DistAttention.Contracts.Tests;

/// <summary>The serializer as silos and clients have it.</summary>
internal static class Wire
{
    private static readonly ServiceProvider _services = new ServiceCollection().AddSerializer().BuildServiceProvider();

    public static Serializer Serializer { get; } = _services.GetRequiredService<Serializer>();

    public static DeepCopier Copier { get; } = _services.GetRequiredService<DeepCopier>();

    public static T Send<T>(T value) => Serializer.Deserialize<T>(Serializer.SerializeToArray(value))!;
}
