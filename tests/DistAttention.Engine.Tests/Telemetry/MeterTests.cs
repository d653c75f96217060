using System.Text.RegularExpressions;
using DistAttention.Engine.Telemetry;

namespace DistAttention.Engine.Tests.Telemetry;

/// <summary>What the meter says of an engine is what the engine did, and nothing that names a sequence.</summary>
public sealed partial class MeterTests : IAsyncDisposable
{
    private const string Name = "a-name-nobody-may-see";

    private static readonly SequenceSpec _spec = new() { NumHeadsQ = 2, NumHeadsKv = 1, HeadDim = 8, ShardLength = 1024, ExpectedLength = 3000 };

    private readonly EmbeddedAttention _engine = new(new EmbeddedOptions { ComputeThreads = 1 });
    private readonly MetricStore _store;

    public MeterTests() => _store = new MetricStore(m => m == _engine.Meter.Meter);

    [Fact]
    public async Task CountsWhatWasDone()
    {
        IAttentionSequence sequence = await FilledAsync();
        AttentionPlan plan = await sequence.ExplainAsync(300, new AttendOptions { Mask = AttentionMask.Parse("window:500,0") });
        AttentionResult result = await sequence.AttendAsync(new float[300 * 2 * 8], new AttendOptions { Mask = AttentionMask.Parse("window:500,0") });
        await sequence.AttendAsync(new float[2 * 8]);

        Assert.Equal(301, Value("attend.rows"));
        Assert.Equal(2, Count("attend.duration"));
        Assert.Equal(3000, Value("append.rows"));
        Assert.Equal(3, Count("append.duration"));
        Assert.Equal(3000, Value("kv.written"));
        Assert.Equal(3000, Value("kv.positions"));
        Assert.Equal(3, Value("kv.shards"));
        Assert.Equal(_engine.ResidentBytes, Value("kv.resident"));
        Assert.True(result.Summary.BlocksSkipped > 0);
        Assert.Equal(result.Summary.BlocksSkipped, Value("blocks.skipped"));
        Assert.Equal(result.Summary.BlocksComputed + 12, Value("blocks.computed"));
        Assert.Equal(plan.Flops + (2.0 * 3000 * 2 * 16), Value("compute.operations"), tolerance: 1);
        Assert.Equal(2, Count("part.duration"));
        Assert.True(Value("compute.time") > 0);
        Assert.Equal(1, Value("compute.threads"));
        Assert.Equal(0, Value("retries"));
        Assert.Equal(0, Value("calls.active"));
    }

    [Fact]
    public async Task SaysHowFastItWas()
    {
        IAttentionSequence sequence = await FilledAsync();
        _store.Look(); // begins the stretch that rates are taken over
        long until = Environment.TickCount64 + 2100;
        while (Environment.TickCount64 < until)
        {
            await sequence.AttendAsync(new float[64 * 2 * 8]);
        }

        double rate = Value("compute.rate");
        double fraction = Value("compute.peak_fraction");
        Assert.InRange(rate, 1e6, 1e13);
        Assert.InRange(fraction, 1e-6, 1);
    }

    [Fact]
    public async Task AFailureCountsUnderTheKindOfItsErrorAndNotAsAnAnswer()
    {
        IAttentionSequence sequence = await FilledAsync();
        using CancellationTokenSource gone = new();
        gone.Cancel();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => sequence.AttendAsync(new float[2 * 8], cancellationToken: gone.Token));
        await Assert.ThrowsAsync<InvalidTensorException>(() => sequence.AttendAsync(Enumerable.Repeat(float.NaN, 16).ToArray()));
        Assert.Equal(0, Value("attend.rows"));
        Dictionary<string, long> failed = Family("attend.duration").Series().Where(static s => s.Tags.Count > 0).ToDictionary(static s => $"{s.Tags[0].Key}={s.Tags[0].Value}", static s => s.Buckets.Sum());
        Assert.Equal(new Dictionary<string, long> { ["error.type=cancelled"] = 1, ["error.type=InvalidTensorException"] = 1 }, failed);
    }

    [Fact]
    public async Task CallsThatAreNotLetInAreCounted()
    {
        await using EmbeddedAttention engine = new(new EmbeddedOptions { ComputeThreads = 1, MaxCalls = 1 });
        using MetricStore store = new(m => m == engine.Meter.Meter);
        IAttentionSequence sequence = await engine.CreateSequenceAsync(Name, _spec);
        await sequence.AppendAsync(new float[2000 * 8], new float[2000 * 8]);
        Task<AttentionResult> first = sequence.AttendAsync(new float[30_000 * 2 * 8]);
        await Assert.ThrowsAsync<OverloadedException>(() => sequence.AttendAsync(new float[2 * 8]));
        Assert.Equal(1, store.Look().Single(static f => f.Instrument.Name == "distattention.calls.refused").Series().Sum(static s => s.Value));
        await first;
    }

    [Fact]
    public async Task NothingCarriesTheNameOfASequenceOrOfACaller()
    {
        IAttentionSequence sequence = await FilledAsync();
        await sequence.AttendAsync(new float[2 * 8]);
        IAttentionSequence other = await ((IAttentionClient)_engine.For(Name + "-caller")).OpenSequenceAsync(Name);
        await Assert.ThrowsAsync<ShapeMismatchException>(() => other.AttendAsync(new float[3]));
        await other.AttendAsync(new float[2 * 8]);
        string[] known = [AttentionMeter.ErrorTag, AttentionMeter.DirectionTag];
        foreach (KeyValuePair<string, object?> tag in _store.Look().SelectMany(static f => f.Series()).SelectMany(static s => s.Tags))
        {
            Assert.Contains(tag.Key, known);
            Assert.DoesNotContain(Name, $"{tag.Value}", StringComparison.Ordinal);
        }
    }

    [Fact]
    public void EveryInstrumentHasAProperNameUnitAndDescription()
    {
        string[] units = ["s", "By", "1", "{row}", "{position}", "{shard}", "{flop}", "{flop}/s", "{block}", "{part}", "{call}", "{job}", "{thread}"];
        IReadOnlyList<MetricFamily> families = _store.Look();
        Assert.True(families.Count >= 20, $"only {families.Count} instruments");
        foreach (MetricFamily family in families)
        {
            Assert.Matches(ProperName(), family.Instrument.Name);
            Assert.Contains(family.Instrument.Unit, units);
            Assert.EndsWith(".", family.Instrument.Description, StringComparison.Ordinal);
        }
    }

    public async ValueTask DisposeAsync()
    {
        _store.Dispose();
        await _engine.DisposeAsync();
    }

    [GeneratedRegex(@"^distattention(\.[a-z]+(_[a-z]+)*)+$")]
    private static partial Regex ProperName();

    private async Task<IAttentionSequence> FilledAsync()
    {
        IAttentionSequence sequence = await _engine.CreateSequenceAsync(Name, _spec);
        for (int i = 0; i < 3; i++)
        {
            await sequence.AppendAsync(new float[1000 * 8], new float[1000 * 8]);
        }

        return sequence;
    }

    private MetricFamily Family(string name) => _store.Look().Single(f => f.Instrument.Name == "distattention." + name);

    private double Value(string name) => Family(name).Series().Sum(static s => s.Value);

    private long Count(string name) => Family(name).Series().Sum(static s => s.Buckets.Sum());
}
