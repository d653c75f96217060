using DistAttention.Engine.Shards;

namespace DistAttention.Storage.Tests.Logs;

/// <summary>A shard that starts with another's rows.</summary>
public sealed class SeedTests : IDisposable
{
    private static readonly AttentionProblem _problem = new() { Seed = 311, NumHeadsKv = 1, HeadDim = 4, HeadDimV = 4, Length = 300, Rows = 1 };

    private readonly TempFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task SeedingTwiceIsSeedingOnce()
    {
        using FileStorage one = new(_folder.Path);
        using FileStorage two = new(_folder.Path);
        ShardId source = new(Guid.NewGuid(), 0, 0);
        ShardId cut = new(Guid.NewGuid(), 0, 0);
        await one.Shards.AppendAsync(new ShardWrite(source, _problem.Spec(), 1, OperationId.New(), 0, 300, _problem.KRows(0, 300), _problem.VRows(0, 300)) { KeysArePrepared = true }, default);
        await one.Shards.SeedAsync(cut, source, 200, default);
        await two.Shards.SeedAsync(cut, source, 200, default);
        await one.Shards.ReleaseAsync(source, source.Sequence, default);
        List<ShardWrite> read = await two.Shards.ReadAsync(cut, 0, 200, default).ToListAsync();
        Assert.Equal(200, Assert.Single(read).Count);
    }
}
