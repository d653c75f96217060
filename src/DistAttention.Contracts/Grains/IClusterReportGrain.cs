using DistAttention.Contracts.Access;

namespace DistAttention.Contracts;

/// <summary>Says how the cluster stands; its key is 0.</summary>
[Alias("DistAttention.IClusterReportGrain")]
public interface IClusterReportGrain : IGrainWithIntegerKey
{
    /// <summary>One report per live silo, in the order of their addresses.</summary>
    [ClientCall(Rights.None)]
    [Alias("Report")]
    Task<SiloReport[]> GetReportAsync();
}
