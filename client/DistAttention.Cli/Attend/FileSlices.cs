using DistAttention.Cli.Arguments;
using DistAttention.Cli.Output;
using DistAttention.Engine.TensorFiles;

namespace DistAttention.Cli.Attend;

/// <summary>Streams files through memory, a slice at a time.</summary>
internal static class FileSlices
{
    private const int SliceBytes = 32 << 20;

    /// <summary>Appends k and v to a sequence.</summary>
    public static async Task AppendAsync(TensorInputs inputs, IAttentionSequence sequence, ProgressSteps steps, CancellationToken cancellationToken)
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

    /// <summary>Rows that fit a slice, in whole units where more than one fits: cutting a query tile would make two of it.</summary>
    public static int RowsPerSlice(long rows, long elementsPerRow, int unit)
    {
        long most = Math.Max(1, SliceBytes / (elementsPerRow * sizeof(float)));
        return (int)Math.Min(rows, most > unit ? most / unit * unit : most);
    }
}
