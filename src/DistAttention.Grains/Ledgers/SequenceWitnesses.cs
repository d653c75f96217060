using DistAttention.Contracts;
using DistAttention.Engine.Shards;
using Orleans.Runtime;

namespace DistAttention.Grains;

/// <summary>
/// Silos that know that a sequence exists, besides its own and the catalog's, so that the loss of one leaves a typed error behind and not
/// a name nobody has heard of. One that does not hear it is no worse a silo.
/// </summary>
internal sealed class SequenceWitnesses(ClusterLinks links)
{
    private const int Wanted = 2;

    /// <summary>Tells the silos after this one that a sequence exists.</summary>
    public Task RememberAsync(NamedSequence sequence)
    {
        IReadOnlyList<OwnerId> live = links.Silos.Live();
        int self = live.TakeWhile(silo => silo != links.Silos.Self).Count();
        return TellAsync(live.Skip(self + 1).Concat(live.Take(self)).Take(Wanted), sequence, exists: true);
    }

    /// <summary>Tells all silos that it does no longer.</summary>
    public Task ForgetAsync(NamedSequence sequence) => TellAsync(links.Silos.Live(), sequence, exists: false);

    private Task TellAsync(IEnumerable<OwnerId> silos, NamedSequence sequence, bool exists) => Task.WhenAll(silos.Select(async silo =>
    {
        try
        {
            await links.Silos.Host(silo).WitnessAsync(sequence, exists).WaitAsync(links.Times.Probe, links.Times.Time);
        }
        catch (Exception e) when (e is OrleansException or TimeoutException)
        {
            // See above.
        }
    }));
}
