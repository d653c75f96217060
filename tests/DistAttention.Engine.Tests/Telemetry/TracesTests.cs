using System.Diagnostics;

namespace DistAttention.Engine.Tests.Telemetry;

/// <summary>A call is one span, with what it asks for under it, down to the shards.</summary>
public sealed class TracesTests
{
    [Fact]
    public async Task ACallIsASpanWithItsPartsAndShardsUnderIt()
    {
        using SpanRecorder recorder = new();
        await using EmbeddedAttention engine = new(new EmbeddedOptions { ComputeThreads = 1 });
        IAttentionSequence sequence = await engine.CreateSequenceAsync("secret-name", new SequenceSpec { HeadDim = 4, ShardLength = 1024 });
        await sequence.AppendAsync(new float[2500 * 4], new float[2500 * 4]);
        await sequence.AttendAsync(new float[3 * 4]);
        await Assert.ThrowsAsync<InvalidTensorException>(() => sequence.AttendAsync(new float[] { 0, 0, 0, float.NaN }));

        IReadOnlyCollection<Activity> spans = recorder.Spans;
        Activity append = Assert.Single(spans, static s => s.OperationName == "distattention.append");
        Assert.Equal(recorder.Outer.SpanId, append.ParentSpanId);
        Assert.Equal(2500, Convert.ToInt64(append.GetTagItem("distattention.rows"), null));
        Activity[] attends = [.. spans.Where(static s => s.OperationName == "distattention.attend")];
        Assert.Equal([ActivityStatusCode.Unset, ActivityStatusCode.Error], attends.Select(static s => s.Status));
        Assert.Equal("InvalidTensorException", attends[1].GetTagItem("error.type"));
        Activity part = Assert.Single(spans, static s => s.OperationName == "distattention.part");
        Assert.Equal(attends[0].SpanId, part.ParentSpanId);
        Activity[] shards = [.. spans.Where(static s => s.OperationName == "distattention.shard")];
        Assert.All(shards, s => Assert.Equal(part.SpanId, s.ParentSpanId));
        Assert.Equal([0, 1, 2], shards.Select(static s => Convert.ToInt32(s.GetTagItem("distattention.shard"), null)));
        Assert.Equal([1024, 1024, 452], shards.Select(static s => Convert.ToInt32(s.GetTagItem("distattention.positions"), null)));
        Assert.All(spans, static s => Assert.DoesNotContain(s.TagObjects, static t => $"{t.Value}".Contains("secret", StringComparison.Ordinal)));
    }
}
