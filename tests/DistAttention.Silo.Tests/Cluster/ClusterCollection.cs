namespace DistAttention.Silo.Tests.Cluster;

/// <summary>Tests that start silos, one after the other: each takes all of the machine.</summary>
[CollectionDefinition(Name, DisableParallelization = true)]
public sealed class ClusterCollection
{
    public const string Name = "Silo processes";
}
