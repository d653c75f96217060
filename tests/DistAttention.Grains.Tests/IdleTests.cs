using DistAttention.Storage;
using Microsoft.Extensions.DependencyInjection;
using Orleans.Hosting;
using Orleans.Runtime;

namespace DistAttention.Grains.Tests;

/// <summary>What nobody uses leaves memory where it is stored, and stays where it is nowhere else.</summary>
public sealed class IdleTests : IDisposable
{
    private static readonly AttentionProblem _problem = new() { Seed = 709, Length = 3000, Rows = 5, GroupSize = 2 };

    private readonly string _folder = Directory.CreateTempSubdirectory("distattn-tests-").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task IdleLedgersAndShardsGoOnlyWhereTheyCanComeBack(bool stored)
    {
        using FileStorage? storage = stored ? new FileStorage(_folder) : null;
        await using TestSilos silos = new(2, silo: silo =>
        {
            if (storage is not null)
            {
                silo.Services.AddSingleton<Engine.Shards.IShardStore>(storage.Shards);
                silo.Services.AddSingleton<Engine.Ledger.ILedgerStore>(storage.Ledgers);
            }
        });
        await silos.InitializeAsync();
        IAttentionSequence sequence = await silos.Client.FillAsync(_problem);
        string expected = _problem.KernelDigest();
        Assert.True(await GrainsAsync(silos) > 0);

        await silos.Cluster.Client.GetGrain<IManagementGrain>(0).ForceActivationCollection(TimeSpan.Zero);
        Assert.Equal(stored, await GrainsAsync(silos) == 0);
        Assert.Equal(expected, (await sequence.AttendAsync(_problem.Q)).Digest());

        await silos.Cluster.Client.GetGrain<IManagementGrain>(0).ForceActivationCollection(TimeSpan.Zero);
        await sequence.AppendRowsAsync(_problem, 0, 10);
        Assert.Equal(_problem.Length + 10, (await sequence.GetInfoAsync()).Length);
        await Assert.ThrowsAsync<SequenceExistsException>(() => silos.Client.CreateSequenceAsync(sequence.Id, _problem.Spec()));
    }

    /// <summary>Active ledgers, shards and catalogs.</summary>
    private static async Task<int> GrainsAsync(TestSilos silos) =>
        (await silos.Cluster.Client.GetGrain<IManagementGrain>(0).GetDetailedGrainStatistics())
            .Count(static g => g.GrainType.Contains(nameof(SequenceGrain), StringComparison.Ordinal)
                || g.GrainType.Contains(nameof(KvShardGrain), StringComparison.Ordinal)
                || g.GrainType.Contains(nameof(SequenceCatalogGrain), StringComparison.Ordinal));
}
