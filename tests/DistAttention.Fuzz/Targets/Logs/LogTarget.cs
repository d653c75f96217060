using DistAttention.Engine.Shards;
using DistAttention.Kernels;
using DistAttention.Simulator.Disks;
using DistAttention.Storage;
using DistAttention.Testing;

namespace DistAttention.Fuzz.Targets.Logs;

/// <summary>A segment of a shard's log that is not what was written: a torn end may be cut, nothing else may be read than what was written.</summary>
internal class LogTarget : FuzzTarget
{
    /// <summary>Rows in the log.</summary>
    protected const int Rows = 60;

    private static readonly AttentionProblem _problem = new() { Seed = 321, NumHeadsKv = 2, HeadDim = 5, HeadDimV = 3, Length = Rows, KvType = KvDataType.Int8 };
    private static readonly ShardId _shard = new(Guid.Parse("0198a8a8-0000-7000-8000-000000000001"), 2, 1);

    private readonly SimulatedVolume _volume = new();
    private readonly FileShardStore _store;
    private readonly string _path;
    private readonly Dictionary<int, float> _rows;
    private readonly Mutator _mutator;

    public LogTarget()
    {
        using (FileShardStore writer = new(_volume))
        {
            int operation = 0;
            foreach ((int first, int count) in ((int, int)[])[(0, 1), (1, 29), (30, 20), (50, 10)])
            {
                writer.AppendAsync(SomeRows.Write(_problem, _shard, 3, ++operation, first, first, count), default).AsTask().GetAwaiter().GetResult();
            }
        }

        _path = _volume.Paths(".kvlog").Single();
        Good = _volume.Bytes(_path);
        _mutator = new Mutator([Good]);
        _store = new FileShardStore(_volume);
        _rows = ReadRows(Rows);
    }

    /// <summary>The log as it was written.</summary>
    protected byte[] Good { get; }

    public override byte[] Make(Random chance) => _mutator.Make(chance);

    public override void Place(byte[] input) => _volume.Plant(_path, input);

    public override void Read(byte[] input)
    {
        foreach ((int row, float first) in ReadRows(required: 0))
        {
            Require(_rows.TryGetValue(row, out float written) && written == first, $"row {row} is read as it was not written");
        }

        // Cut where a record ends, nothing is broken: that rows are missing is for the engine to say, which knows how many there are.
        Dictionary<int, float> all = ReadRows(Rows);
        Require(all.Count == Rows || Good.AsSpan().StartsWith(input), $"{all.Count} of {Rows} rows are read, and nothing is said of the others");
    }

    public override void Dispose() => _store.Dispose();

    /// <summary>The first key component of every row. The simulated disk answers at once, so everything happens on this thread and its memory can be counted.</summary>
    /// <param name="required">Rows that must be there.</param>
    protected Dictionary<int, float> ReadRows(int required)
    {
        Dictionary<int, float> rows = [];
        IAsyncEnumerator<ShardWrite> writes = _store.ReadAsync(_shard, 0, required, default).GetAsyncEnumerator();
        try
        {
            while (Now(writes.MoveNextAsync()))
            {
                ShardWrite write = writes.Current;
                KvLayout layout = KvLayout.Of(write.Spec);
                int row = layout.NumHeadsKv * layout.HeadDim;
                Require(write.K.Length == write.Count * row && write.V.Length == write.Count * layout.NumHeadsKv * layout.HeadDimV, "k and v do not fit the count");
                for (int i = 0; i < write.Count; i++)
                {
                    rows[write.FirstIdx + i] = write.K.Span[i * row];
                }
            }
        }
        finally
        {
            Require(writes.DisposeAsync().IsCompletedSuccessfully, "the reader waits");
        }

        return rows;
    }

    private static bool Now(ValueTask<bool> moved) => moved.IsCompleted ? moved.GetAwaiter().GetResult() : throw new FuzzFailureException("the reader waits");
}
