using Orleans.Runtime;

namespace DistAttention.Silo.Admin.Dashboard;

/// <summary>Which silo shows the dashboard.</summary>
internal sealed class SiloIdentity(ILocalSiloDetails details)
{
    public string Cluster => details.ClusterId;

    public string Silo => details.SiloAddress.ToParsableString();

    public string Name => details.Name;
}
