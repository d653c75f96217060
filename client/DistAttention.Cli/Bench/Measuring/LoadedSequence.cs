using DistAttention.Cli.Checking;
using DistAttention.Engine;

namespace DistAttention.Cli.Bench.Measuring;

/// <summary>An embedded engine with one sequence of unit-normal rows, and queries for it.</summary>
internal sealed class LoadedSequence : IAsyncDisposable
{
    public const ulong KeySeed = 1;
    public const ulong ValueSeed = 2;
    public const ulong QuerySeed = 3;

    private const int RowsPerAppend = 8192;

    private readonly EmbeddedAttention _client;
    private readonly IAttentionSequence _sequence;
    private readonly AttendOptions _options;

    private LoadedSequence(EmbeddedAttention client, IAttentionSequence sequence, AttendShape shape)
    {
        _client = client;
        _sequence = sequence;
        _options = shape.Options;
        Shape = shape;
        Q = NormalData.Make(QuerySeed, 0, (long)shape.Rows * shape.NumHeadsQ * shape.HeadDim);
        Output = new float[shape.Rows * shape.NumHeadsQ * shape.HeadDimV];
        Lse = new float[shape.Rows * shape.NumHeadsQ];
    }

    public AttendShape Shape { get; }

    /// <summary>[Rows, NumHeadsQ, HeadDim].</summary>
    public float[] Q { get; }

    /// <summary>o of the last call, [Rows, NumHeadsQ, HeadDimV].</summary>
    public float[] Output { get; }

    /// <summary>lse of the last call, [Rows, NumHeadsQ].</summary>
    public float[] Lse { get; }

    /// <summary>Starts an engine and appends the rows.</summary>
    public static async Task<LoadedSequence> LoadAsync(AttendShape shape, int threads, CancellationToken cancellationToken)
    {
        EmbeddedAttention client = new(new EmbeddedOptions { ComputeThreads = threads });
        try
        {
            IAttentionSequence sequence = await client.CreateSequenceAsync(new SequenceId("bench"), shape.Spec, cancellationToken).ConfigureAwait(false);
            for (int first = 0; first < shape.Positions; first += RowsPerAppend)
            {
                int count = Math.Min(RowsPerAppend, shape.Positions - first);
                int kRow = shape.NumHeadsKv * shape.HeadDim;
                int vRow = shape.NumHeadsKv * shape.HeadDimV;
                await sequence.AppendAsync(
                    NormalData.Make(KeySeed, (long)first * kRow, (long)count * kRow),
                    NormalData.Make(ValueSeed, (long)first * vRow, (long)count * vRow),
                    cancellationToken: cancellationToken).ConfigureAwait(false);
            }

            return new LoadedSequence(client, sequence, shape);
        }
        catch
        {
            await client.DisposeAsync().ConfigureAwait(false);
            throw;
        }
    }

    /// <summary>All rows of q.</summary>
    public Task AttendAsync(CancellationToken cancellationToken) => AttendAsync(Shape.Rows, cancellationToken);

    /// <summary>The first rows of q.</summary>
    public Task AttendAsync(int rows, CancellationToken cancellationToken) => AttendAsync(rows, _options, cancellationToken);

    /// <summary>All rows of q, attending otherwise than the shape says.</summary>
    public Task AttendAsync(AttendOptions options, CancellationToken cancellationToken) => AttendAsync(Shape.Rows, options, cancellationToken);

    /// <summary>One row and head of such a call, computed again as the textbook has it.</summary>
    public RowCheck Check(int row, int head, AttendOptions options)
    {
        RowCheck check = new(_sequence.Spec, options, Q.AsSpan(((row * Shape.NumHeadsQ) + head) * Shape.HeadDim, Shape.HeadDim), head, Shape.Positions - Shape.Rows + row);
        int headKv = head / _sequence.Spec.GroupSize;
        float[] k = new float[Shape.HeadDim];
        float[] v = new float[Shape.HeadDimV];
        for (int position = 0; position < Shape.Positions; position++)
        {
            long kvHead = ((long)position * Shape.NumHeadsKv) + headKv;
            NormalData.Fill(KeySeed, kvHead * k.Length, k);
            NormalData.Fill(ValueSeed, kvHead * v.Length, v);
            check.Add(k, v, position);
        }

        return check;
    }

    private Task AttendAsync(int rows, AttendOptions options, CancellationToken cancellationToken) => _sequence.AttendAsync(
        Q.AsMemory(0, rows * Shape.NumHeadsQ * Shape.HeadDim),
        Output.AsMemory(0, rows * Shape.NumHeadsQ * Shape.HeadDimV),
        Lse.AsMemory(0, rows * Shape.NumHeadsQ),
        options,
        cancellationToken);

    public ValueTask DisposeAsync() => _client.DisposeAsync();
}
