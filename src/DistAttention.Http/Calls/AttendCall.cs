using System.Diagnostics;
using DistAttention.Engine.Planning;
using DistAttention.Http.Bodies;
using DistAttention.Http.Parameters;
using DistAttention.Http.Tensors;

namespace DistAttention.Http.Calls;

/// <summary>Answers query rows as they come, a slice at a time, all against one snapshot.</summary>
internal static class AttendCall
{
    public static async Task RunAsync(ApiCall call)
    {
        ITensorFormat format = TensorFormats.OfBody(call.Context.Request);
        ITensorFormat answerFormat = TensorFormats.OfAnswer(call.Context.Request, format);
        IAttentionSequence sequence = await call.OpenAsync().ConfigureAwait(false);
        TensorBodyReader reader = call.ReadTensors(format);
        NamedTensors named = new(call.Options.MaxHeldBytes);
        TensorHead q = await QueryBody.FindAsync(call, reader, named).ConfigureAwait(false);
        QueryBody.RequireShape(q, sequence.Spec);
        using TensorAnswer answer = new(call, answerFormat);
        int most = RowsPerSlice(sequence.Spec, q.Rows, call.Options.SliceBytes);
        long epoch = -1;
        long? length = AttendParameters.Length(call.Values);
        long? firstPosition = AttendParameters.FirstQueryPosition(call.Values);
        bool isCut = q.Rows > most;
        if ((isCut && length is null) || (firstPosition is null && (isCut || !named.IsEmpty)))
        {
            // All slices are answered as of one length, and every row stands where it would in one call.
            SequenceInfo info = await sequence.GetInfoAsync(call.Aborted).ConfigureAwait(false);
            epoch = info.Snapshot.Epoch;
            length ??= info.Length;
            firstPosition ??= length - q.Rows;
        }

        named.FirstQueryPosition = firstPosition ?? 0;
        AttendOptions options = AttendParameters.Options(call.Values, sequence.Spec, named) with { Length = length, FirstQueryPosition = firstPosition };
        await AnswerAsync(call, sequence, reader, answer, options, new Slices(q.Rows, most, isCut, epoch)).ConfigureAwait(false);
    }

    private static async Task AnswerAsync(ApiCall call, IAttentionSequence sequence, TensorBodyReader reader, TensorAnswer answer, AttendOptions options, Slices slices)
    {
        SequenceSpec spec = sequence.Spec;
        using PooledFloats q = new(slices.Most * spec.NumHeadsQ * spec.HeadDim);
        using PooledFloats o = new(slices.Most * spec.NumHeadsQ * spec.HeadDimV);
        using PooledFloats lse = new(slices.Most * spec.NumHeadsQ);
        long started = Stopwatch.GetTimestamp();
        long first = 0;
        do
        {
            int rows = (int)Math.Min(slices.Most, slices.Rows - first);
            Memory<float> qRows = q.Memory[..(rows * spec.NumHeadsQ * spec.HeadDim)];
            Memory<float> oRows = o.Memory[..(rows * spec.NumHeadsQ * spec.HeadDimV)];
            Memory<float> lseRows = lse.Memory[..(rows * spec.NumHeadsQ)];
            await reader.ReadAsync(qRows, call.Aborted).ConfigureAwait(false);
            if (first + rows == slices.Rows)
            {
                await reader.RequireEndAsync(call.Aborted).ConfigureAwait(false);
            }

            AttendOptions some = !slices.IsCut ? options : options with
            {
                FirstQueryPosition = options.FirstQueryPosition + first,
                Timeout = options.Timeout - Stopwatch.GetElapsedTime(started) is { Ticks: > 0 } left ? left : throw new AttentionTimeoutException(options.Timeout),
            };
            AttentionSummary summary = await AttendAsync(sequence, qRows, oRows, lseRows, some, first, call.Aborted).ConfigureAwait(false);
            if (slices.IsCut && slices.Epoch >= 0 && summary.Snapshot.Epoch != slices.Epoch)
            {
                throw new SnapshotLostException(sequence.Id, new SequenceSnapshot(slices.Epoch, options.Length ?? 0));
            }

            if (first == 0)
            {
                answer.Start(spec, slices.Rows, summary);
            }

            await answer.AddAsync(oRows, lseRows).ConfigureAwait(false);
            first += rows;
        }
        while (first < slices.Rows);
        await answer.FinishAsync().ConfigureAwait(false);
    }

    private static async Task<AttentionSummary> AttendAsync(IAttentionSequence sequence, Memory<float> q, Memory<float> o, Memory<float> lse, AttendOptions options, long first, CancellationToken cancellationToken)
    {
        try
        {
            return await sequence.AttendAsync(q, o, lse, options, cancellationToken).ConfigureAwait(false);
        }
        catch (InvalidTensorException error)
        {
            throw error.InToken(first + error.Token);
        }
        catch (NumericOverflowException error)
        {
            throw error.InRow(first + error.Row);
        }
    }

    /// <summary>Rows that fit a slice, in whole query tiles where more than one fits.</summary>
    private static int RowsPerSlice(SequenceSpec spec, long rows, int bytes)
    {
        int tile = Planner.TileRows(spec);
        long most = Math.Max(1, bytes / ((long)spec.NumHeadsQ * (spec.HeadDim + spec.HeadDimV + 1) * sizeof(float)));
        return (int)Math.Min(rows, most > tile ? most / tile * tile : most);
    }

    /// <summary>How rows are cut.</summary>
    /// <param name="Rows">Rows in all.</param>
    /// <param name="Most">Rows of a slice.</param>
    /// <param name="IsCut">Whether there is more than one.</param>
    /// <param name="Epoch">The epoch that all must be of; −1 where none was seen.</param>
    private readonly record struct Slices(long Rows, int Most, bool IsCut, long Epoch);
}
