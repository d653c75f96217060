using DistAttention.Contracts;
using Orleans;
using Orleans.Runtime;

namespace DistAttention.Silo.Admin.Dashboard;

/// <summary>The sequences of the cluster, of all tenants, the first ones by name where there are many.</summary>
internal sealed class SequenceList(IGrainFactory grains)
{
    /// <summary>Sequences looked at: each is a call.</summary>
    public const int Most = 300;

    private static readonly TimeSpan _patience = TimeSpan.FromSeconds(2);

    /// <summary>Reads the list; what does not answer in time is left out.</summary>
    public async Task<IReadOnlyList<SequenceView>> ReadAsync(CancellationToken cancellationToken)
    {
        string[] names = await grains.GetGrain<ISequenceCatalogGrain>(0).ListAsync("", "", Most).WaitAsync(_patience, cancellationToken).ConfigureAwait(false);
        SequenceView?[] found = await Task.WhenAll(names.Select(name => TryReadAsync(name, cancellationToken))).ConfigureAwait(false);
        return [.. found.OfType<SequenceView>()];
    }

    private async Task<SequenceView?> TryReadAsync(string name, CancellationToken cancellationToken)
    {
        try
        {
            SequenceReport report = await grains.GetGrain<ISequenceGrain>(name).GetInfoAsync(null, cancellationToken).WaitAsync(_patience, cancellationToken).ConfigureAwait(false);
            SequenceSpec spec = report.Handle.Spec.Value;
            return new SequenceView(
                name, report.Handle.Uid.ToString("N"), report.State.Length, report.State.Epoch, report.ShardCount, report.ResidentBytes,
                spec.NumHeadsQ, spec.NumHeadsKv, spec.HeadDim, spec.HeadDimV, $"{spec.KvType}".ToLowerInvariant(), spec.ShardLength);
        }
        catch (Exception e) when (e is DistAttentionException or OrleansException or TimeoutException)
        {
            return null;
        }
    }
}
