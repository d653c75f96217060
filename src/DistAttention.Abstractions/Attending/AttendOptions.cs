namespace DistAttention;

/// <summary>How queries attend.</summary>
public record AttendOptions
{
    /// <summary>Which positions each query sees. Default: all.</summary>
    public AttentionMask Mask { get; init; } = AttentionMask.Full;

    /// <summary>How scores are made. Default: scaled dot product.</summary>
    public ScoreFunction Score { get; init; } = ScoreFunction.ScaledDot;

    /// <summary>
    /// Position of the first query row, used by masks; row i stands at this + i. Default: aligned so that the last row
    /// stands at the last position (bottom-right). May be negative: such rows see nothing under a causal mask.
    /// </summary>
    public long? FirstQueryPosition { get; init; }

    /// <summary>Answer as of this committed length of the current epoch instead of the latest one.</summary>
    public long? Length { get; init; }

    /// <summary>When to give up with <see cref="AttentionTimeoutException"/>. Default: 10 minutes; at most a day.</summary>
    public TimeSpan Timeout { get; init; } = TimeSpan.FromMinutes(10);

    /// <summary>Told how many query rows are answered, as they are.</summary>
    public IProgress<AttentionProgress>? Progress { get; init; }

    /// <summary>Checks every property.</summary>
    /// <exception cref="InvalidSpecException">Names the first property that is wrong, and why.</exception>
    public virtual void Validate()
    {
        Ensure.That(Mask is not null, nameof(Mask), "a mask is needed");
        Ensure.That(Score is not null, nameof(Score), "a score function is needed");
        Ensure.That(Length is null or >= 0, nameof(Length), $"{Length} is negative");
        Ensure.That(Timeout > TimeSpan.Zero && Timeout <= TimeSpan.FromDays(1), nameof(Timeout), $"{Timeout} is not between 0 and a day");
    }

    /// <summary>Checks every property, and the score against a sequence.</summary>
    /// <param name="spec">The sequence's shape.</param>
    /// <exception cref="InvalidSpecException">Names the first property that is wrong, and why.</exception>
    public void ValidateFor(SequenceSpec spec)
    {
        ArgumentNullException.ThrowIfNull(spec);
        Validate();
        Score.ValidateFor(spec);
    }
}
