using DistAttention.Cli.Connecting;
using DistAttention.Cli.Demo.Asking;
using DistAttention.Cli.Demo.Checking;
using DistAttention.Cli.Demo.Documents;
using DistAttention.Cli.Demo.Encoding;

namespace DistAttention.Cli.Demo.Running;

/// <summary>Everything a run of the demo found and measured.</summary>
internal sealed record DemoReport
{
    public required Corpus Corpus { get; init; }

    public required Lexicon Lexicon { get; init; }

    public required IReadOnlyList<EncoderHead> Heads { get; init; }

    /// <summary>Components per head.</summary>
    public required int HeadDim { get; init; }

    public required int Threads { get; init; }

    /// <summary>Who computed, after "on": "2 threads", "3 silos of 1 thread".</summary>
    public required string Workers { get; init; }

    /// <summary>Who owned what; empty if this process owned all.</summary>
    public required IReadOnlyList<OwnerShare> Owners { get; init; }

    public required int ShardLength { get; init; }

    /// <summary>Encoding and appending.</summary>
    public required TimeSpan AppendTime { get; init; }

    public required SelfAttentionResult SelfAttention { get; init; }

    public required CheckResult Check { get; init; }

    public required IReadOnlyList<Answer> Answers { get; init; }

    /// <summary>Time for all questions together.</summary>
    public required TimeSpan AskTime { get; init; }

    /// <summary>Null if it was not asked for.</summary>
    public Overview? Overview { get; init; }

    /// <summary>From reading the first file to the last answer.</summary>
    public required TimeSpan TotalTime { get; init; }

    /// <summary>The most memory the process ever held, in bytes.</summary>
    public required long PeakBytes { get; init; }

    /// <summary>Operations per second of self-attention.</summary>
    public double FlopsPerSecond => SelfAttention.Flops / SelfAttention.Time.TotalSeconds;

    /// <summary>Bytes of the matrix of weights that was never built: heads · n² float32.</summary>
    public double MatrixBytes => 4.0 * Heads.Count * Corpus.PositionCount * Corpus.PositionCount;
}
