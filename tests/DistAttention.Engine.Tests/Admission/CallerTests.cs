using DistAttention.Engine.Tests.Embedded;
using DistAttention.Kernels;

namespace DistAttention.Engine.Tests.Admission;

/// <summary>Callers of one embedded engine.</summary>
public sealed class CallerTests
{
    private static readonly AttentionProblem _problem = new() { Seed = 612, NumHeadsKv = 1, GroupSize = 2, HeadDim = 8, HeadDimV = 8, Length = 2048 };
    private static readonly long _blockBytes = KvLayout.Of(_problem.Spec()).BlockBytes;

    [Fact]
    public async Task AnswersAreTheSameForEveryCaller()
    {
        await using EmbeddedAttention engine = Runs.Client();
        await using IAttentionClient a = engine.For("a");
        IAttentionSequence mine = await a.CreateSequenceAsync("s", _problem.Spec());
        await mine.AppendAsync(_problem.K, _problem.V);
        await using IAttentionClient b = engine.For("b");
        AttentionResult expected = await (await engine.OpenSequenceAsync("s")).AttendAsync(_problem.Q, _problem.Options());
        AttentionResult actual = await (await b.OpenSequenceAsync("s")).AttendAsync(_problem.Q, _problem.Options());
        Assert.Equal(expected.Output.ToArray(), actual.Output.ToArray());
    }

    [Fact]
    public async Task OneCallersQuotaOfMemoryIsNobodyElses()
    {
        await using EmbeddedAttention engine = Runs.Client(2, static o => o.MemoryBytesPerCaller = 5 * _blockBytes);
        IAttentionSequence a = await engine.For("a").CreateSequenceAsync("a", _problem.Spec());
        IAttentionSequence b = await engine.For("b").CreateSequenceAsync("b", _problem.Spec());
        await a.AppendAsync(_problem.KRows(0, 1024), _problem.VRows(0, 1024));
        CapacityExceededException full = await Assert.ThrowsAsync<CapacityExceededException>(() => a.AppendAsync(_problem.KRows(1024, 1024), _problem.VRows(1024, 1024)));
        Assert.Equal((5 * _blockBytes, 4 * _blockBytes), (full.BudgetBytes, full.UsedBytes));
        await a.AppendAsync(_problem.KRows(1024, 256), _problem.VRows(1024, 256));
        await b.AppendAsync(_problem.KRows(0, 1024), _problem.VRows(0, 1024));
        Assert.Equal(1280, (await a.GetInfoAsync()).Snapshot.Length);
        await a.TruncateAsync(0);
        await a.AppendAsync(_problem.KRows(0, 1024), _problem.VRows(0, 1024));
    }

    [Fact]
    public async Task ACallThatIsRefusedChangesNothingAndLeavesNothing()
    {
        await using EmbeddedAttention engine = Runs.Client(1, static o => o.MaxCallBytesPerCaller = 1);
        IAttentionSequence sequence = await engine.CreateSequenceAsync("s", _problem.Spec());
        await sequence.AppendAsync(_problem.K, _problem.V); // alone, a call may be larger than the quota
        TaskCompletionSource started = new();
        TaskCompletionSource go = new();
        AttendOptions slow = _problem.Options() with { Progress = new Stop(started, go) };
        Task<AttentionResult> first = Task.Run(() => sequence.AttendAsync(_problem.Q, slow));
        await started.Task;
        OverloadedException refused = await Assert.ThrowsAsync<OverloadedException>(() => sequence.AttendAsync(_problem.Q, _problem.Options()));
        Assert.True(refused.IsTransient);
        await Assert.ThrowsAsync<OverloadedException>(() => sequence.AppendAsync(_problem.K, _problem.V));
        IAttentionSequence other = await engine.For("other").OpenSequenceAsync("s");
        await other.AttendAsync(_problem.Q, _problem.Options());
        go.SetResult();
        await first;
        await sequence.AttendAsync(_problem.Q, _problem.Options());
        Assert.Equal(2048, (await sequence.GetInfoAsync()).Snapshot.Length);
    }

    /// <summary>Holds a call where it tells of its progress.</summary>
    private sealed class Stop(TaskCompletionSource started, TaskCompletionSource go) : IProgress<AttentionProgress>
    {
        public void Report(AttentionProgress value)
        {
            started.TrySetResult();
            go.Task.Wait();
        }
    }
}
