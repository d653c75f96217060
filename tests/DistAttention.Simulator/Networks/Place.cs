using DistAttention.Simulator.Worlds;

namespace DistAttention.Simulator.Networks;

/// <summary>Somebody on the network: a process of a machine. A process that starts again is somebody else on the same machine.</summary>
/// <param name="Machine">Which machine.</param>
/// <param name="Name">What it is called.</param>
/// <param name="Life">Whether it runs.</param>
internal sealed record Place(int Machine, string Name, Life Life)
{
    public override string ToString() => Name;
}
