using DistAttention.Storage;
using Microsoft.Extensions.DependencyInjection;
using Orleans.Hosting;

namespace DistAttention.Grains.Tests;

/// <summary>Sequences of a cluster end some time after their last use, whether they are stored or only in memory.</summary>
public sealed class ExpiryTests : IDisposable
{
    private static readonly TimeSpan _ttl = TimeSpan.FromSeconds(160); // long enough for a slow machine between two uses
    private static readonly TimeSpan _noted = TimeSpan.FromSeconds(10);
    private static readonly AttentionProblem _problem = new() { Seed = 719, Length = 3000, Rows = 5, GroupSize = 2 };

    private readonly string _folder = Directory.CreateTempSubdirectory("distattn-tests-").FullName;
    private readonly ShiftedTime _time = new();

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task WhatIsNotUsedIsGoneAndSweptOnce(bool stored)
    {
        using FileStorage? storage = stored ? new FileStorage(_folder) : null;
        await using TestSilos silos = Silos(storage);
        await silos.InitializeAsync();
        IAttentionSequence parent = await FillAsync(silos, "parent");
        IAttentionSequence used = await FillAsync(silos, "used");
        IAttentionSequence fork = await parent.ForkAsync("fork");
        Assert.InRange((await parent.GetInfoAsync()).ExpiresAt!.Value - _time.GetUtcNow(), _ttl / 2, _ttl + _noted);
        Assert.Equal(_ttl, fork.Spec.TimeToLive);
        string expected = _problem.KernelDigest();

        _time.Advance(_ttl);
        Assert.Equal(expected, (await fork.AttendAsync(_problem.Q)).Digest());
        await used.AppendRowsAsync(_problem, 0, 1);
        _time.Advance(_noted);

        // Nobody has swept yet.
        await AssertGoneAsync("parent", () => parent.AttendAsync(_problem.Q));
        await AssertGoneAsync("parent", () => silos.Client.OpenSequenceAsync("parent"));
        await AssertGoneAsync("parent", () => silos.Client.DeleteSequenceAsync("parent"));
        await AssertGoneAsync("parent", () => parent.ForkAsync("another"));
        await AssertGoneAsync("parent", () => parent.AppendAsync(_problem.KRows(0, 1), _problem.VRows(0, 1)));
        Assert.Equal(["fork", "used"], await NamesAsync(silos));
        IAttentionSequence next = await FillAsync(silos, "parent");
        await AssertGoneAsync("parent", () => parent.AttendAsync(_problem.Q));
        Assert.Equal(expected, (await next.AttendAsync(_problem.Q)).Digest());
        Assert.Equal(0, await SweepAsync(silos));
        Assert.Equal(expected, (await fork.AttendAsync(_problem.Q)).Digest());
        Assert.Equal(_problem.Length + 1, (await used.GetInfoAsync()).Length);

        _time.Advance(_ttl + _noted);
        Assert.Equal(3, await SweepAsync(silos));
        Assert.Equal(0, Silo.AllOf(silos).Sum(static s => s.UsedBytes));
        Assert.Empty(await NamesAsync(silos));
        Assert.Equal(0, await SweepAsync(silos));
    }

    /// <summary>All silos at once.</summary>
    private static async Task<int> SweepAsync(TestSilos silos) =>
        (await Task.WhenAll(silos.Cluster.Silos.Select(s => silos.Cluster.GetSiloServiceProvider(s.SiloAddress).GetRequiredService<ExpirySweep>().SweepAsync(default)))).Sum();

    private TestSilos Silos(FileStorage? storage) => new(
        2,
        static o => o.ExpirySweepInterval = TimeSpan.FromHours(1),
        silo: silo =>
        {
            silo.Services.AddSingleton<TimeProvider>(_time);
            if (storage is not null)
            {
                silo.Services.AddSingleton<Engine.Shards.IShardStore>(storage.Shards);
                silo.Services.AddSingleton<Engine.Ledger.ILedgerStore>(storage.Ledgers);
            }
        });

    private static async Task<IAttentionSequence> FillAsync(TestSilos silos, string name)
    {
        IAttentionSequence sequence = await silos.Client.CreateSequenceAsync(name, _problem.Spec() with { TimeToLive = _ttl });
        await sequence.AppendRowsAsync(_problem, 0, _problem.Length);
        return sequence;
    }

    private static async Task AssertGoneAsync(string name, Func<Task> call) => Assert.Equal(name, (await Assert.ThrowsAsync<SequenceNotFoundException>(call)).Id.Value);

    private static async Task<List<string>> NamesAsync(TestSilos silos)
    {
        List<string> names = [];
        await foreach (SequenceInfo info in silos.Client.ListSequencesAsync())
        {
            names.Add(info.Id.Value);
        }

        return names;
    }
}
