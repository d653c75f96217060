using System.Diagnostics;
using DistAttention.Client;
using DistAttention.Testing;

namespace DistAttention.Silo.Tests.Security;

/// <summary>A query is one trace, from the client over the silo that coordinates it to the shards of the silos that own them, tokens or not.</summary>
[Collection(SecureCollection.Name)]
public sealed class TracePropagationTests(SecureCluster cluster)
{
    [Fact]
    public async Task AQueryIsOneTraceOverSilos()
    {
        using SpanRecorder recorder = new();
        await using DistAttentionClient client = await cluster.ConnectAsync(cluster.A);
        IAttentionSequence sequence = await client.CreateSequenceAsync($"traced-{Guid.NewGuid():N}", new SequenceSpec { HeadDim = 4, ShardLength = 1024, ExpectedLength = 8192 });
        await sequence.AppendAsync(new float[8192 * 4], new float[8192 * 4]);
        await sequence.AttendAsync(new float[4]);
        await client.DeleteSequenceAsync(sequence.Id);

        IReadOnlyCollection<Activity> spans = recorder.Spans;
        // On a busy machine a tile may be asked for more than once, of other coordinators too: everything of it is still in place.
        Activity query = Assert.Single(spans, static s => s.OperationName == "distattention.attend" && s.Kind == ActivityKind.Client);
        Activity[] coordinated = Under([query], "distattention.attend", ActivityKind.Server);
        Activity[] asked = Under(coordinated, "distattention.ask", ActivityKind.Client);
        Activity[] served = Under(asked, "distattention.serve", ActivityKind.Server);
        Assert.Equal(spans.Count(static s => s.OperationName == "distattention.ask"), asked.Length);
        Assert.NotEmpty(Under(coordinated, "distattention.part", ActivityKind.Internal));
        Assert.NotEmpty(Under(served, "distattention.part", ActivityKind.Internal));
        Activity[] shards = Under(Under([.. coordinated, .. served], "distattention.part", ActivityKind.Internal), "distattention.shard", ActivityKind.Internal);
        Assert.Equal(Enumerable.Range(0, 8), shards.Select(static s => Convert.ToInt32(s.GetTagItem("distattention.shard"), null)).Distinct().Order());
        Assert.All(spans, s => Assert.Equal(recorder.Outer.TraceId, s.TraceId));

        Activity[] Under(Activity[] parents, string name, ActivityKind kind) =>
            [.. spans.Where(s => s.OperationName == name && s.Kind == kind && parents.Any(p => p.SpanId == s.ParentSpanId))];
    }
}
