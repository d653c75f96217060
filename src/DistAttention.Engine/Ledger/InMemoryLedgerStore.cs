using System.Runtime.CompilerServices;

namespace DistAttention.Engine.Ledger;

/// <summary>Keeps ledgers in this process.</summary>
public sealed class InMemoryLedgerStore : ILedgerStore
{
    private readonly Lock _lock = new();
    private readonly SortedDictionary<string, VersionedLedger> _ledgers = new(StringComparer.Ordinal);

    /// <inheritdoc/>
    public ValueTask<VersionedLedger?> ReadAsync(SequenceId id, CancellationToken cancellationToken)
    {
        lock (_lock)
        {
            return new(_ledgers.GetValueOrDefault(id.Value));
        }
    }

    /// <inheritdoc/>
    public ValueTask<bool> IsCurrentAsync(SequenceId id, long version, CancellationToken cancellationToken)
    {
        lock (_lock)
        {
            return new(_ledgers.TryGetValue(id.Value, out VersionedLedger? current) && current.Version == version);
        }
    }

    /// <inheritdoc/>
    public ValueTask<long?> CompareAndSwapAsync(LedgerRecord record, long expectedVersion, CancellationToken cancellationToken)
    {
        lock (_lock)
        {
            long version = _ledgers.TryGetValue(record.Id.Value, out VersionedLedger? current) ? current.Version : 0;
            if (version != expectedVersion)
            {
                return new((long?)null);
            }

            _ledgers[record.Id.Value] = new VersionedLedger(record, version + 1);
            return new(version + 1);
        }
    }

    /// <inheritdoc/>
    public ValueTask<bool> DeleteAsync(SequenceId id, long expectedVersion, CancellationToken cancellationToken)
    {
        lock (_lock)
        {
            return new(
                _ledgers.TryGetValue(id.Value, out VersionedLedger? current)
                && current.Version == expectedVersion
                && _ledgers.Remove(id.Value));
        }
    }

    /// <inheritdoc/>
    public async IAsyncEnumerable<LedgerRecord> ListAsync(string prefix, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        await Task.CompletedTask.ConfigureAwait(false);
        List<LedgerRecord> found;
        lock (_lock)
        {
            found = [.. _ledgers.Values.Select(l => l.Record).Where(r => r.Id.Value.StartsWith(prefix, StringComparison.Ordinal))];
        }

        foreach (LedgerRecord record in found)
        {
            cancellationToken.ThrowIfCancellationRequested();
            yield return record;
        }
    }
}
