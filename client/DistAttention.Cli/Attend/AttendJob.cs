using System.Diagnostics;
using DistAttention.Cli.Arguments;
using DistAttention.Cli.Connecting;
using DistAttention.Cli.Output;
using DistAttention.Engine.Planning;
using DistAttention.Engine.TensorFiles;

namespace DistAttention.Cli.Attend;

/// <summary>
/// Streams k and v into a new sequence, and q through it into the outputs. Of the files, only a slice is in memory
/// at a time, whatever their length.
/// </summary>
internal sealed class AttendJob(TensorInputs inputs, AttendOutputs outputs, IAttentionHost host, AttendCheck? check)
{
    public async Task<AttendReport> RunAsync(ProgressSteps steps, CancellationToken cancellationToken)
    {
        SequenceId name = $"attend/{Guid.NewGuid():N}"; // a cluster may be attended on by others too
        IAttentionSequence sequence = await host.Client.CreateSequenceAsync(name, inputs.Spec, cancellationToken).ConfigureAwait(false);
        try
        {
            long started = Stopwatch.GetTimestamp();
            await FileSlices.AppendAsync(inputs, sequence, steps, cancellationToken).ConfigureAwait(false);
            TimeSpan appending = Stopwatch.GetElapsedTime(started);
            AttendTotals totals = await AttendAsync(sequence, steps, cancellationToken).ConfigureAwait(false);
            (string o, string? lse) = outputs.Finish();
            TimeSpan all = Stopwatch.GetElapsedTime(started);
            IReadOnlyList<OwnerShare> owners = await host.SharesAsync(sequence, cancellationToken).ConfigureAwait(false);
            return new AttendReport(inputs, outputs, totals, appending, all, o, lse, host.Workers, owners)
            {
                CheckedRows = check?.Rows ?? 0,
                Errors = check?.Run(steps, cancellationToken),
            };
        }
        finally
        {
            await Sequences.DeleteQuietlyAsync(host.Client, name).ConfigureAwait(false);
        }
    }

    private async Task<AttendTotals> AttendAsync(IAttentionSequence sequence, ProgressSteps steps, CancellationToken cancellationToken)
    {
        TensorFile q = inputs.Q;
        long outputRowLength = (long)inputs.Spec.NumHeadsQ * inputs.Spec.HeadDimV;
        int most = FileSlices.RowsPerSlice(q.Rows, q.RowLength + outputRowLength + inputs.Spec.NumHeadsQ, Planner.TileRows(inputs.Spec));
        float[] qSlice = new float[most * q.RowLength]; // [most, NumHeadsQ, HeadDim]
        float[] oSlice = new float[most * outputRowLength]; // [most, NumHeadsQ, HeadDimV]
        float[] lseSlice = new float[most * inputs.Spec.NumHeadsQ]; // [most, NumHeadsQ]
        ProgressStep step = steps.Start("attending", q.Rows, "rows");
        AttendTotals totals = new();
        for (long first = 0; first < q.Rows; first += most)
        {
            int rows = (int)Math.Min(most, q.Rows - first);
            Memory<float> qRows = qSlice.AsMemory(0, (int)(rows * q.RowLength));
            Memory<float> oRows = oSlice.AsMemory(0, (int)(rows * outputRowLength));
            Memory<float> lseRows = lseSlice.AsMemory(0, rows * inputs.Spec.NumHeadsQ);
            q.ReadRows(first, qRows.Span);
            AttendOptions options = inputs.Options with { FirstQueryPosition = inputs.FirstQueryPosition + first, Progress = step.From(first) };
            try
            {
                AttentionPlan plan = await sequence.ExplainAsync(rows, options, cancellationToken).ConfigureAwait(false);
                long started = Stopwatch.GetTimestamp();
                AttentionSummary summary = await sequence.AttendAsync(qRows, oRows, lseRows, options, cancellationToken).ConfigureAwait(false);
                totals.Add(summary, plan, Stopwatch.GetElapsedTime(started));
            }
            catch (DistAttentionException error) when (SliceError.Relocate(error, inputs, first) is { } relocated)
            {
                throw relocated;
            }

            outputs.Write(oRows.Span, lseRows.Span);
            check?.Take(first, qRows.Span, oRows.Span, lseRows.Span);
            step.Report(first + rows);
        }

        return totals;
    }
}
