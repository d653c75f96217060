using Microsoft.Extensions.DependencyInjection;
using Orleans.Serialization;

namespace DistAttention.Fuzz.Targets.Wire;

/// <summary>The serializer as silos and clients have it.</summary>
internal static class WireFormat
{
    private static readonly ServiceProvider _services = new ServiceCollection().AddSerializer().BuildServiceProvider();

    public static Serializer Serializer { get; } = _services.GetRequiredService<Serializer>();
}
