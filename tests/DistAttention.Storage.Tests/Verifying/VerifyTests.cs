using DistAttention.Engine;
using DistAttention.Engine.Shards;
using DistAttention.Storage.Tests.Postgres;
using DistAttention.Storage.Verifying;

namespace DistAttention.Storage.Tests.Verifying;

/// <summary>A check of everything finds what is wrong, names it, and finds nothing where nothing is.</summary>
[Collection(PostgresCollection.Name)]
public sealed class VerifyTests(PostgresServer postgres) : IDisposable
{
    private static readonly AttentionProblem _problem = new() { Seed = 341, NumHeadsKv = 2, HeadDim = 24, HeadDimV = 8, Length = 3000, KvType = KvDataType.BFloat16 };

    private readonly TempFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task ASoundFolderIsSound()
    {
        using FileStorage storage = new(_folder.Path);
        await FillAsync(storage);
        VerifyReport report = await CheckAsync(storage);
        Assert.True(report.IsSound, string.Join('\n', report.Findings));
        Assert.Empty(report.StrayHolds);
        Assert.Equal((2, 3000 + 1500), (report.Sequences, report.Positions));
        Assert.Equal(4, report.Shards);
        Assert.Equal((3000 + 476) * 2L * 2 * (24 + 8), report.Bytes); // of b's cut shard, the rows that count
        Assert.Null(report.Reclaimed);
    }

    [Fact]
    public async Task EveryDamagedRecordOfAFolderIsNamed()
    {
        using FileStorage storage = new(_folder.Path);
        await FillAsync(storage);
        string[] logs = [.. Directory.EnumerateFiles(_folder.Path, "*.kvlog", SearchOption.AllDirectories).Where(static f => !Path.GetFileName(f).Contains('-'))];
        string first = logs.Single(static f => f.Contains("/0.", StringComparison.Ordinal));
        string last = logs.Single(static f => f.Contains("/2.", StringComparison.Ordinal));
        Flip(first, 128 + 80 + 5); // rows [0, 700)
        Flip(last, new FileInfo(last).Length - 1); // the end: acknowledged all the same
        VerifyReport report = await CheckAsync(storage);
        Assert.Equal(2, report.Findings.Count);
        StorageFinding rows = Assert.Single(report.Findings, static f => f.Positions.Start == 0);
        Assert.Equal((128, new PositionRange(0, 700)), (rows.Offset, rows.Positions));
        Assert.EndsWith(rows.Place, first, StringComparison.Ordinal);
        Assert.Equal(["a", "b"], rows.Sequences.Select(static s => s.Value).Order());
        StorageFinding end = Assert.Single(report.Findings, static f => f.Positions.End == 3000);
        Assert.EndsWith(end.Place, last, StringComparison.Ordinal);
        Assert.Equal(["a"], end.Sequences.Select(static s => s.Value));
    }

    [Fact]
    public async Task DamagedLedgersMissingShardsAndLostHoldsAreNamed()
    {
        using FileStorage storage = new(_folder.Path);
        await FillAsync(storage);
        foreach (string hold in Directory.EnumerateFiles(Directory.GetDirectories(_folder.Path, "0.*", SearchOption.AllDirectories).Single(), "*.hold"))
        {
            File.Delete(hold);
        }

        Directory.Delete(Directory.GetDirectories(_folder.Path, "2.*", SearchOption.AllDirectories).Single(), recursive: true);
        VerifyReport report = await CheckAsync(storage);
        Assert.Contains(report.Findings, static f => f.Problem == "acknowledged rows are missing" && f.Positions == new PositionRange(2048, 3000));
        Assert.Equal(2, report.Findings.Count(static f => f.Problem.Contains("does not hold the shard", StringComparison.Ordinal) && f.Place.Contains("/0.", StringComparison.Ordinal)));

        string ledger = Directory.EnumerateFiles(_folder.Path, "*.ledger", SearchOption.AllDirectories).First();
        Flip(ledger, 60);
        using FileStorage fresh = new(_folder.Path);
        report = await new StorageVerifier(fresh).RunAsync(reclaim: true, TimeProvider.System, default);
        Assert.Contains(report.Findings, f => ledger.EndsWith(f.Place, StringComparison.Ordinal) && f.Offset == 0);
        Assert.Equal((1, null), (report.Sequences, report.Reclaimed)); // whose shards they are is not known: none is given back
        Assert.Empty(report.StrayHolds);
    }

    [Fact]
    public async Task HoldsWithoutSequencesAreReportedAndReclaimedWhenTheyAreOld()
    {
        using FileStorage storage = new(_folder.Path);
        await FillAsync(storage);
        ShardId stray = new(Guid.NewGuid(), 0, 1);
        await storage.Shards.AppendAsync(new ShardWrite(stray, _problem.Spec(), 1, OperationId.New(), 0, 10, _problem.KRows(0, 10), _problem.VRows(0, 10)), default);
        VerifyReport report = await new StorageVerifier(storage).RunAsync(reclaim: true, TimeProvider.System, default);
        Assert.True(report.IsSound);
        Assert.Equal(stray.Sequence, Assert.Single(report.StrayHolds).Holder);
        Assert.Equal(0, report.Reclaimed);

        string hold = Directory.EnumerateFiles(_folder.Path, $"{stray.Sequence:N}.hold", SearchOption.AllDirectories).Single();
        File.SetLastWriteTimeUtc(hold, DateTime.UtcNow - TimeSpan.FromHours(2));
        string unheld = Path.Combine(_folder.Path, "shards", Guid.NewGuid().ToString("N"), "0.1");
        Directory.CreateDirectory(unheld);
        Directory.SetLastWriteTimeUtc(unheld, DateTime.UtcNow - TimeSpan.FromHours(2));
        report = await new StorageVerifier(storage).RunAsync(reclaim: true, TimeProvider.System, default);
        Assert.Equal((2, 2), (report.StrayHolds.Count, report.Reclaimed));
        Assert.False(Directory.Exists(unheld));
        report = await CheckAsync(storage);
        Assert.Empty(report.StrayHolds);
        Assert.True(report.IsSound);
    }

    [Fact]
    public async Task AFolderInUseIsSound()
    {
        using FileStorage storage = new(_folder.Path);
        await using EmbeddedAttention client = new(storage.Configure(new EmbeddedOptions { ComputeThreads = 1 }));
        IAttentionSequence sequence = await client.CreateSequenceAsync("s", _problem.Spec());
        using CancellationTokenSource stop = new();
        Task busy = Task.Run(async () =>
        {
            for (int i = 0; !stop.IsCancellationRequested; i++)
            {
                await sequence.AppendRowsAsync(_problem, 0, 700, 90);
                await (await sequence.ForkAsync($"f{i}", 300)).AppendRowsAsync(_problem, 0, 20);
                await sequence.TruncateAsync(i % 2 == 0 ? 100 : 600);
                await client.DeleteSequenceAsync($"f{i}");
            }
        });
        using FileStorage other = new(_folder.Path);
        for (int i = 0; i < 8; i++)
        {
            VerifyReport report = await CheckAsync(other);
            Assert.True(report.IsSound, string.Join('\n', report.Findings));
        }

        await stop.CancelAsync();
        await busy;
    }

    [PostgresFact]
    public async Task ADatabaseIsCheckedLikeAFolder()
    {
        await using PostgresDatabase database = await PostgresDatabase.CreateAsync(postgres);
        await using PostgresStorage storage = await database.OpenAsync();
        await FillAsync(storage);
        ShardId stray = new(Guid.NewGuid(), 0, 1);
        await storage.Shards.AppendAsync(new ShardWrite(stray, _problem.Spec(), 1, OperationId.New(), 0, 10, _problem.KRows(0, 10), _problem.VRows(0, 10)), default);
        VerifyReport report = await CheckAsync(storage);
        Assert.True(report.IsSound, string.Join('\n', report.Findings));
        Assert.Equal((2, 5, stray.Sequence), (report.Sequences, report.Shards, Assert.Single(report.StrayHolds).Holder));

        await database.ExecuteAsync("UPDATE distattention.records SET payload = set_byte(payload, 9, get_byte(payload, 9) # 1) WHERE number = 1");
        await database.ExecuteAsync("DELETE FROM distattention.records WHERE number = (SELECT max(number) FROM distattention.records WHERE number < 7 AND first_row > 0)");
        await database.ExecuteAsync("UPDATE distattention.holds SET since = now() - interval '2 hours'");
        report = await new StorageVerifier(storage).RunAsync(reclaim: true, TimeProvider.System, default);
        Assert.Equal(1, report.Reclaimed);
        StorageFinding rows = Assert.Single(report.Findings, static f => f.Problem == "the checksum of its rows is wrong");
        Assert.Equal(new PositionRange(0, 700), rows.Positions);
        Assert.Contains("record 1 of shard row 1", rows.Place, StringComparison.Ordinal);
        Assert.Contains(report.Findings, static f => f.Problem.Contains("missing", StringComparison.Ordinal));
    }

    private static Task<VerifyReport> CheckAsync(DurableStorage storage) => new StorageVerifier(storage).RunAsync(reclaim: false, TimeProvider.System, default);

    private static void Flip(string file, long at)
    {
        byte[] bytes = File.ReadAllBytes(file);
        bytes[at] ^= 16;
        File.WriteAllBytes(file, bytes);
    }

    /// <summary>Sequence a, and its fork b, which shares a whole shard and a cut one.</summary>
    private static async Task FillAsync(DurableStorage storage)
    {
        await using EmbeddedAttention client = new(storage.Configure(new EmbeddedOptions { ComputeThreads = 2 }));
        IAttentionSequence a = await client.CreateSequenceAsync("a", _problem.Spec());
        await a.AppendRowsAsync(_problem, 0, _problem.Length, 700);
        await a.ForkAsync("b", 1500);
    }
}
