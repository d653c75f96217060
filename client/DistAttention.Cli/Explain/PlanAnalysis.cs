using System.Diagnostics;
using DistAttention.Cli.Arguments;
using DistAttention.Cli.Attend;
using DistAttention.Cli.Connecting;
using DistAttention.Cli.Output;
using DistAttention.Engine.Planning;
using DistAttention.Http;

namespace DistAttention.Cli.Explain;

/// <summary>Runs what a plan says, answers thrown away, and puts what it took beside the plan.</summary>
internal static class PlanAnalysis
{
    public static async Task<(AttentionPlan Plan, Analysis Analysis)> RunAsync(TensorInputs inputs, IAttentionHost host, ProgressSteps steps, CancellationToken cancellationToken)
    {
        SequenceId name = $"explain/{Guid.NewGuid():N}";
        IAttentionSequence sequence = await host.Client.CreateSequenceAsync(name, inputs.Spec, cancellationToken).ConfigureAwait(false);
        try
        {
            await FileSlices.AppendAsync(inputs, sequence, steps, cancellationToken).ConfigureAwait(false);
            AttentionPlan plan = await sequence.ExplainAsync((int)inputs.Q.Rows, inputs.Options, cancellationToken).ConfigureAwait(false);
            (AttentionSummary summary, TimeSpan elapsed) = await AttendAsync(inputs, sequence, steps, cancellationToken).ConfigureAwait(false);
            return (plan.With(summary), new Analysis(summary, elapsed));
        }
        finally
        {
            await Sequences.DeleteQuietlyAsync(host.Client, name).ConfigureAwait(false);
        }
    }

    private static async Task<(AttentionSummary Summary, TimeSpan Elapsed)> AttendAsync(TensorInputs inputs, IAttentionSequence sequence, ProgressSteps steps, CancellationToken cancellationToken)
    {
        SequenceSpec spec = inputs.Spec;
        int most = FileSlices.RowsPerSlice(inputs.Q.Rows, inputs.Q.RowLength + (spec.NumHeadsQ * (spec.HeadDimV + 1L)), Planner.TileRows(spec));
        float[] q = new float[most * inputs.Q.RowLength]; // [most, NumHeadsQ, HeadDim]
        float[] o = new float[most * spec.NumHeadsQ * spec.HeadDimV]; // [most, NumHeadsQ, HeadDimV]
        float[] lse = new float[most * spec.NumHeadsQ]; // [most, NumHeadsQ]
        ProgressStep step = steps.Start("attending", inputs.Q.Rows, "rows");
        AttentionSummary summary = default;
        TimeSpan elapsed = default;
        for (long first = 0; first < inputs.Q.Rows; first += most)
        {
            int rows = (int)Math.Min(most, inputs.Q.Rows - first);
            inputs.Q.ReadRows(first, q.AsSpan(0, (int)(rows * inputs.Q.RowLength)));
            long started = Stopwatch.GetTimestamp();
            AttentionSummary slice = await sequence.AttendAsync(
                q.AsMemory(0, (int)(rows * inputs.Q.RowLength)),
                o.AsMemory(0, rows * spec.NumHeadsQ * spec.HeadDimV),
                lse.AsMemory(0, rows * spec.NumHeadsQ),
                inputs.Options with { FirstQueryPosition = inputs.FirstQueryPosition + first, Progress = step.From(first) },
                cancellationToken).ConfigureAwait(false);
            elapsed += Stopwatch.GetElapsedTime(started);
            summary = summary.And(slice);
            step.Report(first + rows);
        }

        return (summary, elapsed);
    }
}
