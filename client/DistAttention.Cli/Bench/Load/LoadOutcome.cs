namespace DistAttention.Cli.Bench.Load;

/// <summary>What became of the calls that a caller made.</summary>
/// <param name="Offered">Calls made.</param>
/// <param name="Answered">Answered within their deadline.</param>
/// <param name="Refused">Refused as overloaded.</param>
/// <param name="Missed">Let in, and not answered within their deadline.</param>
/// <param name="Time">How long calls were made.</param>
/// <param name="MostWaiting">The most calls that were under way at a time.</param>
internal sealed record LoadOutcome(int Offered, int Answered, int Refused, int Missed, TimeSpan Time, int MostWaiting)
{
    /// <summary>Calls answered in time, per second.</summary>
    public double Goodput => Answered / Time.TotalSeconds;

    /// <summary>Share of the calls made that were answered in time.</summary>
    public double AnsweredShare => Answered / (double)Math.Max(1, Offered);
}
