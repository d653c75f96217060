using System.Collections.Concurrent;
using System.Diagnostics;
using DistAttention.Client;

namespace DistAttention.Silo.Tests.Security;

/// <summary>A query is one trace, from the client over the silo that coordinates it to the shards of the silos that own them, tokens or not.</summary>
[Collection(SecureCollection.Name)]
public sealed class TracePropagationTests(SecureCluster cluster)
{
    [Fact]
    public async Task AQueryIsOneTraceOverSilos()
    {
        using Activity outer = new Activity("test").Start();
        ConcurrentQueue<Activity> spans = [];
        using ActivityListener listener = new()
        {
            ShouldListenTo = static source => source.Name == "DistAttention",
            Sample = (ref ActivityCreationOptions<ActivityContext> o) => o.Parent.TraceId == outer.TraceId ? ActivitySamplingResult.AllData : ActivitySamplingResult.None,
            ActivityStopped = spans.Enqueue,
        };
        ActivitySource.AddActivityListener(listener);
        await using DistAttentionClient client = await cluster.ConnectAsync(cluster.A);
        IAttentionSequence sequence = await client.CreateSequenceAsync($"traced-{Guid.NewGuid():N}", new SequenceSpec { HeadDim = 4, ShardLength = 1024, ExpectedLength = 8192 });
        await sequence.AppendAsync(new float[8192 * 4], new float[8192 * 4]);
        await sequence.AttendAsync(new float[4]);
        await client.DeleteSequenceAsync(sequence.Id);

        Activity query = Assert.Single(spans, static s => s.OperationName == "distattention.attend" && s.Kind == ActivityKind.Client);
        Activity coordinated = Assert.Single(spans, s => s.OperationName == "distattention.attend" && s.ParentSpanId == query.SpanId);
        Assert.Equal(ActivityKind.Server, coordinated.Kind);
        Activity asked = Assert.Single(spans, static s => s.OperationName == "distattention.ask");
        Assert.Equal(coordinated.SpanId, asked.ParentSpanId);
        Activity served = Assert.Single(spans, static s => s.OperationName == "distattention.serve");
        Assert.Equal(asked.SpanId, served.ParentSpanId);
        Activity[] parts = [.. spans.Where(static s => s.OperationName == "distattention.part")];
        Assert.Equal(new[] { coordinated.SpanId, served.SpanId }.Order(Comparer<ActivitySpanId>.Create(static (a, b) => string.CompareOrdinal(a.ToString(), b.ToString()))), parts.Select(static p => p.ParentSpanId).Order(Comparer<ActivitySpanId>.Create(static (a, b) => string.CompareOrdinal(a.ToString(), b.ToString()))));
        Assert.Equal(8, spans.Count(static s => s.OperationName == "distattention.shard"));
        Assert.All(spans, s => Assert.Equal(outer.TraceId, s.TraceId));
    }
}
