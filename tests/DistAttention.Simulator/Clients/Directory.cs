using DistAttention.Simulator.Histories;
using DistAttention.Simulator.Worlds;

namespace DistAttention.Simulator.Clients;

/// <summary>The sequences that clients know of.</summary>
internal sealed class Directory(World world)
{
    private const int Names = 4;

    public List<SequenceRef> Live { get; } = [];

    /// <summary>A name that may be taken: names come again.</summary>
    public SequenceId NewName() => $"s{world.Below(Names)}";
}
