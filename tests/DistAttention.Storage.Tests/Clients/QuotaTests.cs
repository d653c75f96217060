using DistAttention.Engine;
using DistAttention.Kernels;
using DistAttention.Simulator.Disks;

namespace DistAttention.Storage.Tests.Clients;

/// <summary>A caller's quota of memory where rows can be read back: it holds, and nothing is refused.</summary>
public sealed class QuotaTests
{
    private static readonly AttentionProblem _problem = new() { Seed = 613, NumHeadsKv = 1, HeadDim = 8, HeadDimV = 8, Length = 4096 };

    [Fact]
    public async Task ACallersOldShardsMakeRoomForItsNewOnes()
    {
        long shard = 4 * KvLayout.Of(_problem.Spec()).BlockBytes;
        SimulatedVolume volume = new();
        using FileStorage storage = new(volume);
        await using EmbeddedAttention engine = new(storage.Configure(new EmbeddedOptions { ComputeThreads = 2, MemoryBytesPerCaller = 2 * shard }));
        IAttentionSequence other = await engine.For("other").CreateSequenceAsync("other", _problem.Spec());
        await other.AppendAsync(_problem.KRows(0, 1024), _problem.VRows(0, 1024));
        IAttentionSequence mine = await engine.For("mine").CreateSequenceAsync("mine", _problem.Spec());
        for (int first = 0; first < 4096; first += 1024)
        {
            await mine.AppendAsync(_problem.KRows(first, 1024), _problem.VRows(first, 1024));
            Assert.InRange((await mine.GetInfoAsync()).ResidentBytes, shard, 2 * shard);
        }

        Assert.Equal(shard, (await other.GetInfoAsync()).ResidentBytes);
        AttentionResult all = await mine.AttendAsync(_problem.Q, new AttendOptions { Mask = AttentionMask.Full });
        Assert.Equal(_problem.Q.Length, all.Output.Length);
        Assert.InRange((await mine.GetInfoAsync()).ResidentBytes, 0, 2 * shard); // given back when it had been answered
        Assert.Equal(shard, (await other.GetInfoAsync()).ResidentBytes);
    }
}
