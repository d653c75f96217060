using System.Runtime.CompilerServices;
using DistAttention.Contracts;
using DistAttention.Contracts.Access;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Orleans.Serialization;

namespace DistAttention.Client;

/// <summary>The attention client of a cluster: the same calls, errors and bits as in one process.</summary>
public sealed class DistAttentionClient : IAttentionClient
{
    private const int NamesPerPage = 256;

    private readonly IHost? _host;
    private bool _disposed;

    /// <summary>Uses a client that is connected already; whoever made it ends it.</summary>
    /// <param name="grains">The connection.</param>
    /// <param name="options">How to work; null for the defaults.</param>
    /// <exception cref="InvalidSpecException">An option is impossible.</exception>
    public DistAttentionClient(IClusterClient grains, DistAttentionClientOptions? options = null)
        : this(grains, options, host: null)
    {
    }

    /// <summary>Uses the connection of a silo, on behalf of a tenant whose token that silo shows with the calls that are made here.</summary>
    /// <param name="grains">The silo's connection.</param>
    /// <param name="tenant">Whose sequences this client sees; nobody: all.</param>
    /// <param name="options">How to work; null for the defaults.</param>
    public static DistAttentionClient Inside(IClusterClient grains, TenantName tenant, DistAttentionClientOptions? options = null) => new(grains, options) { Tenant = tenant };

    internal DistAttentionClient(IClusterClient grains, DistAttentionClientOptions? options, IHost? host)
    {
        ArgumentNullException.ThrowIfNull(grains);
        Options = options ?? new DistAttentionClientOptions();
        Options.Validate();
        if (Options.Token is not null && grains.ServiceProvider.GetService<TokenCalls>() is null)
        {
            throw new InvalidSpecException(nameof(Options.Token), "a connection made elsewhere shows no token; AddDistAttentionClient or ConnectAsync adds it");
        }

        Tenant = Options.Tenant;
        Grains = grains;
        Serializer = grains.ServiceProvider.GetRequiredService<Serializer>();
        Coordinators = new CoordinatorCalls(grains, Options);
        _host = host;
    }

    internal IGrainFactory Grains { get; }

    /// <summary>Whose sequences this client sees.</summary>
    internal TenantName Tenant { get; private init; }

    internal Serializer Serializer { get; }

    internal DistAttentionClientOptions Options { get; }

    internal CoordinatorCalls Coordinators { get; }

    /// <summary>Connects to a cluster.</summary>
    /// <param name="options">Where it is, and how to work.</param>
    /// <param name="cancellationToken">Gives up connecting.</param>
    /// <exception cref="InvalidSpecException">An option is impossible.</exception>
    /// <exception cref="AttentionTimeoutException">No gateway answered in time.</exception>
    public static async Task<DistAttentionClient> ConnectAsync(DistAttentionClientOptions options, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(options);
        options.Validate();
        return await ClusterConnection.OpenAsync(options, cancellationToken).ConfigureAwait(false);
    }

    /// <inheritdoc/>
    public async Task<IAttentionSequence> CreateSequenceAsync(SequenceId id, SequenceSpec spec, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(spec);
        spec.Validate();
        ISequenceGrain ledger = LedgerOf(id);
        Guid uid = Guid.CreateVersion7();
        SequenceHandle handle = await ClusterErrors.RepeatedAsync(
            () => ledger.CreateAsync(uid, Packed.Of(spec), cancellationToken), id.Value, Options, cancellationToken).ConfigureAwait(false);
        return new ClusterSequence(this, handle);
    }

    /// <inheritdoc/>
    public async Task<IAttentionSequence> OpenSequenceAsync(SequenceId id, CancellationToken cancellationToken = default)
    {
        ISequenceGrain ledger = LedgerOf(id);
        SequenceHandle handle = await ClusterErrors.RepeatedAsync(
            () => ledger.OpenAsync(cancellationToken), id.Value, Options, cancellationToken).ConfigureAwait(false);
        return new ClusterSequence(this, handle);
    }

    /// <inheritdoc/>
    public async IAsyncEnumerable<SequenceInfo> ListSequencesAsync(string? prefix = null, [EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        ThrowIfDisposed();
        ISequenceCatalogGrain catalog = Grains.GetGrain<ISequenceCatalogGrain>(0);
        string after = "";
        while (true)
        {
            string last = after;
            string[] names = await ClusterErrors.RepeatedAsync(
                () => catalog.ListAsync(Tenant.KeyOf(prefix ?? ""), last, NamesPerPage).WaitAsync(cancellationToken), "of the catalog", Options, cancellationToken).ConfigureAwait(false);
            foreach (string name in names)
            {
                if (await TryGetInfoAsync(name, cancellationToken).ConfigureAwait(false) is { } info)
                {
                    yield return info;
                }
            }

            if (names.Length < NamesPerPage)
            {
                yield break;
            }

            after = names[^1];
        }
    }

    /// <inheritdoc/>
    public async Task DeleteSequenceAsync(SequenceId id, CancellationToken cancellationToken = default)
    {
        ISequenceGrain ledger = LedgerOf(id);
        Guid? uid = await UidOfAsync(ledger, id, cancellationToken).ConfigureAwait(false);
        bool repeated = false;
        await ClusterErrors.RepeatedAsync(
            async () =>
            {
                bool mayBeDone = repeated;
                repeated = true;
                try
                {
                    await ledger.DeleteAsync(uid, cancellationToken).ConfigureAwait(false);
                }
                catch (SequenceNotFoundException) when (mayBeDone)
                {
                    // An attempt before this one did it, and its answer was lost.
                }

                return true;
            },
            id.Value,
            Options,
            cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Exact attention over many sequences in one call: a decode step of everything that is being generated.</summary>
    /// <param name="items">The sequences and their queries; a sequence may come more than once.</param>
    /// <param name="cancellationToken">Cancels all of them.</param>
    /// <returns>One answer per item, in their order.</returns>
    /// <exception cref="PartialFailureException">More than one item failed; a single failure is thrown as it is.</exception>
    public Task<IReadOnlyList<AttentionResult>> AttendBatchAsync(IReadOnlyList<BatchItem> items, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(items);
        ThrowIfDisposed();
        return new BatchRun(this).RunAsync(items, cancellationToken);
    }

    /// <summary>The plan of a call over a sequence that is not there: what would be computed where if it were appended now. No rows are needed.</summary>
    /// <param name="spec">The sequence's shape and storage.</param>
    /// <param name="length">Its positions.</param>
    /// <param name="rows">Query rows.</param>
    /// <param name="options">How they attend; null for the defaults.</param>
    /// <param name="cancellationToken">Cancels the call.</param>
    public async Task<AttentionPlan> PlanAsync(SequenceSpec spec, long length, long rows, AttendOptions? options = null, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(spec);
        ArgumentOutOfRangeException.ThrowIfNegative(length);
        ArgumentOutOfRangeException.ThrowIfNegative(rows);
        ThrowIfDisposed();
        spec.Validate();
        options ??= new AttendOptions();
        options.Validate();
        IAttentionCoordinatorGrain coordinator = Grains.GetGrain<IAttentionCoordinatorGrain>(0);
        PlanReply reply = await ClusterErrors.RepeatedAsync(
            () => coordinator.PlanAsync(Packed.Of(spec), length, rows, AttendTerms.Of(options), cancellationToken), "behind coordinator 0", Options, cancellationToken).ConfigureAwait(false);
        return (await Parcels.WholeAsync(Serializer, coordinator, reply, cancellationToken).ConfigureAwait(false)).Plan!.Value.Value;
    }

    /// <summary>How the silos of the cluster stand.</summary>
    /// <param name="cancellationToken">Cancels the call.</param>
    /// <returns>One report per live silo, in the order of their addresses.</returns>
    public async Task<IReadOnlyList<SiloReport>> GetClusterReportAsync(CancellationToken cancellationToken = default)
    {
        ThrowIfDisposed();
        return await Grains.GetGrain<IClusterReportGrain>(0).GetReportAsync().WaitAsync(cancellationToken).MappedAsync("of the cluster").ConfigureAwait(false);
    }

    /// <summary>Begins to even out where shards are, or to empty a silo, or only says what that would move. Needs the right Admin, where the cluster has tokens.</summary>
    /// <param name="call">What is to be done.</param>
    /// <param name="cancellationToken">Cancels the call, not the run.</param>
    /// <returns>The run as it begins; <see cref="GetRebalanceAsync"/> tells how it goes on.</returns>
    /// <exception cref="RebalanceRefusedException">It cannot be done.</exception>
    public async Task<RebalanceView> StartRebalanceAsync(RebalanceCall call, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(call);
        ThrowIfDisposed();
        return await ClusterErrors.RepeatedAsync(
            () => Grains.GetGrain<IRebalanceGrain>(0).StartAsync(call).WaitAsync(cancellationToken), "of the cluster", Options, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>How a run stands.</summary>
    /// <param name="run">The run.</param>
    /// <param name="cancellationToken">Cancels the call.</param>
    /// <returns>Null if nobody knows of it any more: the silo that was about it has gone. What was moved stays moved.</returns>
    public async Task<RebalanceView?> GetRebalanceAsync(Guid run, CancellationToken cancellationToken = default)
    {
        ThrowIfDisposed();
        return await ClusterErrors.RepeatedAsync(
            () => Grains.GetGrain<IRebalanceGrain>(0).GetAsync(run).WaitAsync(cancellationToken), "of the cluster", Options, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Ends the connection, if this client made it.</summary>
    public async ValueTask DisposeAsync()
    {
        if (_disposed)
        {
            return;
        }

        _disposed = true;
        if (_host is not null)
        {
            await _host.StopAsync().ConfigureAwait(false);
            _host.Dispose();
        }
    }

    internal void ThrowIfDisposed() => ObjectDisposedException.ThrowIf(_disposed, this);

    internal SequenceInfo InfoOf(SequenceReport report) => new()
    {
        Id = new SequenceId(Tenant.NameOf(report.Handle.Name)),
        Spec = report.Handle.Spec.Value,
        Snapshot = report.State,
        ShardCount = report.ShardCount,
        ResidentBytes = report.ResidentBytes,
        ExpiresAt = report.ExpiresAt,
    };

    /// <summary>How a sequence is kept in the cluster.</summary>
    /// <exception cref="InvalidSpecException">The name is too long for that.</exception>
    internal string KeyOf(SequenceId id)
    {
        string key = Tenant.KeyOf(id.Value);
        return key.Length <= SequenceId.MaxLength
            ? key
            : throw new InvalidSpecException(nameof(SequenceId), $"the name has {id.Value.Length} characters; tenant {Tenant} may use {SequenceId.MaxLength - key.Length + id.Value.Length}");
    }

    private ISequenceGrain LedgerOf(SequenceId id)
    {
        ThrowIfDisposed();
        return id == default
            ? throw new InvalidSpecException(nameof(SequenceId), "a sequence needs a name")
            : Grains.GetGrain<ISequenceGrain>(KeyOf(id));
    }

    /// <summary>Which sequence has a name, so that repeating a deletion cannot hit the next one of that name; null if its ledger is lost.</summary>
    private async Task<Guid?> UidOfAsync(ISequenceGrain ledger, SequenceId id, CancellationToken cancellationToken)
    {
        try
        {
            return (await ClusterErrors.RepeatedAsync(() => ledger.OpenAsync(cancellationToken), id.Value, Options, cancellationToken).ConfigureAwait(false)).Uid;
        }
        catch (ShardLostException)
        {
            return null;
        }
    }

    private async Task<SequenceInfo?> TryGetInfoAsync(string name, CancellationToken cancellationToken)
    {
        try
        {
            ISequenceGrain ledger = Grains.GetGrain<ISequenceGrain>(name);
            return InfoOf(await ClusterErrors.RepeatedAsync(
                () => ledger.GetInfoAsync(null, cancellationToken), name, Options, cancellationToken).ConfigureAwait(false));
        }
        catch (Exception e) when (e is SequenceNotFoundException or ShardLostException)
        {
            // Deleted, or lost with its silo, after its name was listed.
            return null;
        }
    }
}
