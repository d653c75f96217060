using DistAttention.Contracts;
using DistAttention.Engine.Ledger;
using Orleans.Concurrency;
using Orleans.Runtime;

namespace DistAttention.Grains;

/// <summary>
/// Names of sequences, in memory; the store or else the silos know the same, so a lost catalog is made anew from them. Of a sequence
/// whose ledger was lost with the catalog, its witnesses tell: it is reported as lost, not as one that never was.
/// </summary>
[KeepAlive]
internal sealed class SequenceCatalogGrain(ClusterSilos silos, ILedgerStore ledgers, CallTenant tenant) : Grain, ISequenceCatalogGrain
{
    private readonly SortedDictionary<string, Guid> _names = new(StringComparer.Ordinal);

    public override async Task OnActivateAsync(CancellationToken cancellationToken)
    {
        await foreach (LedgerRecord stored in ledgers.ListAsync("", cancellationToken))
        {
            _names[stored.Id.Value] = stored.Uid;
        }

        IEnumerable<Task<NamedSequence[]>> asked = silos.Live().Select(async silo =>
        {
            try
            {
                return await silos.Host(silo).GetSequencesAsync().WaitAsync(TimeSpan.FromSeconds(5), cancellationToken);
            }
            catch (Exception e) when (e is OrleansException or TimeoutException)
            {
                return [];
            }
        });

        // Where a name was deleted and taken again while a witness was out of reach, the ledger knows better.
        foreach (NamedSequence sequence in (await Task.WhenAll(asked)).SelectMany(static s => s).OrderByDescending(static s => s.IsWitnessed))
        {
            _names[sequence.Name] = sequence.Uid;
        }

        await base.OnActivateAsync(cancellationToken);
    }

    public Task<bool> TryAddAsync(string name, Guid uid) =>
        Task.FromResult(_names.TryAdd(name, uid) || _names[name] == uid);

    public Task RemoveAsync(string name, Guid uid)
    {
        if (_names.TryGetValue(name, out Guid has) && has == uid)
        {
            _names.Remove(name);
        }

        return Task.CompletedTask;
    }

    public Task<Guid?> FindAsync(string name) => Task.FromResult(_names.TryGetValue(name, out Guid uid) ? uid : (Guid?)null);

    public Task<string[]> ListAsync(string prefix, string after, int count) => Task.FromResult(_names.Keys
        .Where(n => tenant.Caller.Tenant.Owns(n) && n.StartsWith(prefix, StringComparison.Ordinal) && string.CompareOrdinal(n, after) > 0)
        .Take(Math.Clamp(count, 1, 4096))
        .ToArray());
}
