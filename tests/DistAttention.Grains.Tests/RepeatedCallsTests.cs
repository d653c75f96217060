using System.Collections.Concurrent;
using Orleans.Runtime;

namespace DistAttention.Grains.Tests;

/// <summary>What changes a sequence is done once, though the answer be lost with a silo and the call made again.</summary>
public sealed class RepeatedCallsTests : IAsyncLifetime
{
    private static readonly AttentionProblem _problem = new() { Seed = 801, Length = 3000, Rows = 5 };

    private readonly LostAnswers _lost = new();
    private TestSilos _silos = null!;

    public async Task InitializeAsync() => _silos = await TestSilos.StartAsync(2, calls: _lost);

    public Task DisposeAsync() => _silos.DisposeAsync();

    [Fact]
    public async Task AForkWhoseAnswerIsLostIsMadeOnce()
    {
        IAttentionSequence sequence = await _silos.Client.FillAsync(_problem);
        _lost.LoseNext("Fork");
        IAttentionSequence fork = await sequence.ForkAsync("fork/a", 1500);
        Assert.Equal(2, _lost.CallsOf("Fork"));
        Assert.Equal(1500, (await fork.GetInfoAsync()).Length);
        await fork.AppendRowsAsync(_problem, 1500, 1500);
        Assert.Equal(_problem.KernelDigest(), (await fork.AttendAsync(_problem.Q)).Digest());

        // A name that was taken before is still refused, and nothing of the attempt stays.
        long before = Silo.AllOf(_silos).Sum(static s => s.UsedBytes);
        _lost.LoseNext("Fork");
        await Assert.ThrowsAsync<SequenceExistsException>(() => sequence.ForkAsync("fork/a", 1500));
        Assert.Equal(before, Silo.AllOf(_silos).Sum(static s => s.UsedBytes));
    }

    [Fact]
    public async Task ACutWhoseAnswerIsLostIsMadeOnce()
    {
        IAttentionSequence sequence = await _silos.Client.FillAsync(_problem);
        _lost.LoseNext("Truncate", alsoDo: () => sequence.AppendRowsAsync(_problem, 1100, 900));
        SequenceSnapshot cut = await sequence.TruncateAsync(1100);
        Assert.Equal((2, new SequenceSnapshot(1, 1100)), (_lost.CallsOf("Truncate"), cut));

        // The rows that were appended before the call was repeated are still there.
        Assert.Equal(new SequenceSnapshot(1, 2000), (await sequence.GetInfoAsync()).Snapshot);
    }

    [Fact]
    public async Task ADeletionWhoseAnswerIsLostSparesTheNextSequenceOfTheName()
    {
        IAttentionSequence sequence = await _silos.Client.CreateSequenceAsync("s", _problem.Spec());
        _lost.LoseNext("Delete", alsoDo: () => _silos.Client.CreateSequenceAsync("s", _problem.Spec()));
        await _silos.Client.DeleteSequenceAsync("s");
        Assert.Equal(2, _lost.CallsOf("Delete"));
        await _silos.Client.OpenSequenceAsync("s");
        await Assert.ThrowsAsync<SequenceNotFoundException>(() => sequence.AttendAsync(_problem.Q));
        await _silos.Client.DeleteSequenceAsync("s");
        await Assert.ThrowsAsync<SequenceNotFoundException>(() => _silos.Client.DeleteSequenceAsync("s"));
    }

    /// <summary>Lets a call be done, and loses its answer.</summary>
    private sealed class LostAnswers : IOutgoingGrainCallFilter
    {
        private readonly ConcurrentDictionary<string, Func<Task>?> _next = new();
        private readonly ConcurrentDictionary<string, int> _calls = new();

        public void LoseNext(string method, Func<Task>? alsoDo = null) => _next[method] = alsoDo;

        public int CallsOf(string method) => _calls.GetValueOrDefault(method);

        public async Task Invoke(IOutgoingGrainCallContext context)
        {
            string method = context.MethodName.Replace("Async", "", StringComparison.Ordinal);
            _calls.AddOrUpdate(method, 1, static (_, count) => count + 1);
            await context.Invoke();
            if (_next.TryRemove(method, out Func<Task>? alsoDo))
            {
                await (alsoDo?.Invoke() ?? Task.CompletedTask);
                throw new SiloUnavailableException("The answer was lost.");
            }
        }
    }
}
