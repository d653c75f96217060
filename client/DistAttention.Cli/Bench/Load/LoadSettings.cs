namespace DistAttention.Cli.Bench.Load;

/// <summary>How much a run measures.</summary>
/// <param name="Positions">Positions that every call attends to.</param>
/// <param name="Time">How long each load lasts.</param>
/// <param name="Deadline">Within what time a call has to be answered.</param>
internal sealed record LoadSettings(int Positions, TimeSpan Time, TimeSpan Deadline)
{
    /// <summary>The sequence.</summary>
    public SequenceSpec Spec { get; } = new() { NumHeadsQ = 8, NumHeadsKv = 2, HeadDim = 64 };
}
