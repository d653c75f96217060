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
    private const int SliceBytes = 32 << 20;

    public async Task<AttendReport> RunAsync(ProgressSteps steps, CancellationToken cancellationToken)
    {
        SequenceId name = $"attend/{Guid.NewGuid():N}"; // a cluster may be attended on by others too
        IAttentionSequence sequence = await host.Client.CreateSequenceAsync(name, inputs.Spec, cancellationToken).ConfigureAwait(false);
        try
        {
            long started = Stopwatch.GetTimestamp();
            await AppendAsync(sequence, steps, cancellationToken).ConfigureAwait(false);
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

    private async Task AppendAsync(IAttentionSequence sequence, ProgressSteps steps, CancellationToken cancellationToken)
    {
        (TensorFile k, TensorFile? v) = (inputs.K, inputs.V);
        long vRowLength = v?.RowLength ?? 0;
        int most = RowsPerSlice(k.Rows, k.RowLength + vRowLength, SequenceFormat.RunLength);
        float[] kSlice = new float[most * k.RowLength]; // [most, NumHeadsKv, HeadDim]
        float[] vSlice = new float[most * vRowLength]; // [most, NumHeadsKv, AppendedHeadDimV]
        ProgressStep step = steps.Start("appending k and v", k.Rows, "positions");
        for (long first = 0; first < k.Rows; first += most)
        {
            int rows = (int)Math.Min(most, k.Rows - first);
            Memory<float> kRows = kSlice.AsMemory(0, (int)(rows * k.RowLength));
            Memory<float> vRows = vSlice.AsMemory(0, (int)(rows * vRowLength));
            k.ReadRows(first, kRows.Span);
            v?.ReadRows(first, vRows.Span);
            try
            {
                AppendOptions options = new() { Progress = step.From(first) };
                await sequence.AppendAsync(kRows, vRows, options, cancellationToken).ConfigureAwait(false);
            }
            catch (DistAttentionException error) when (SliceError.Relocate(error, inputs, first) is { } relocated)
            {
                throw relocated;
            }

            step.Report(first + rows);
        }
    }

    private async Task<AttendTotals> AttendAsync(IAttentionSequence sequence, ProgressSteps steps, CancellationToken cancellationToken)
    {
        TensorFile q = inputs.Q;
        long outputRowLength = (long)inputs.Spec.NumHeadsQ * inputs.Spec.HeadDimV;
        int most = RowsPerSlice(q.Rows, q.RowLength + outputRowLength + inputs.Spec.NumHeadsQ, Planner.TileRows(inputs.Spec));
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

    /// <summary>Rows that fit a slice, in whole units where more than one fits: cutting a query tile would make two of it.</summary>
    private static int RowsPerSlice(long rows, long elementsPerRow, int unit)
    {
        long most = Math.Max(1, SliceBytes / (elementsPerRow * sizeof(float)));
        return (int)Math.Min(rows, most > unit ? most / unit * unit : most);
    }
}
