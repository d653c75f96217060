using System.CommandLine;
using DistAttention.Cli.Shell;

namespace DistAttention.Cli.Arguments;

/// <summary>The options that say how scores are made, and how heads and positions are kept.</summary>
internal sealed class ScoreArguments
{
    private readonly Option<OptionText?> _score = Parsed.Option<OptionText?>(
        "--score", "SPEC", "scaled-dot (the default), dot, multiplicative:W.npy (q·W·k), or additive:v=FILE[,wq=FILE][,wk=FILE] (v·tanh(Wq q + Wk k)).", ScoreRequest.ParseScore);

    private readonly Option<float?> _scale =
        Parsed.Option<float?>("--scale", "X", "Factor between q·k and the score. Default: 1/√headDim.", static text => Parsed.FiniteNumber(text));

    private readonly Option<float?> _softCap =
        Parsed.Option<float?>("--softcap", "C", "Scores become C·tanh(score/C).", static text => new ScaledDotScore { SoftCap = Parsed.FiniteNumber(text) }.SoftCap);

    private readonly Option<NumbersText?> _alibi = Parsed.Option<NumbersText?>(
        "--alibi", "SLOPES", "Adds slope · (key's position − query's): standard, or one number per query head, or a file of them.", ScoreRequest.ParseAlibi);

    private readonly Option<OptionText?> _relativeBias = Parsed.Option<OptionText?>(
        "--relative-bias", "SPEC", "Adds a number per head and distance: table:FILE of [heads, 2·radius + 1], or t5:FILE[,bidirectional][,max-distance=128] of [buckets, heads].", BiasText.Parse);

    private readonly Option<NumbersText?> _sinks = Parsed.Option<NumbersText?>(
        "--sinks", "LOGITS", "A sink per query head that takes weight and gives no value: numbers, or a file of them.", NumbersText.Parse);

    private readonly Option<RopeText?> _rope = Parsed.Option<RopeText?>(
        "--rope", "SPEC", "Turns q and k by position: standard, linear:factor=F, ntk:factor=F or yarn:factor=F,trained=N; settings base=, dims=, first=, layout=half|interleaved.", RopeText.Parse);

    private readonly Option<int?> _prefix = Parsed.Option<int?>(
        "--value-from-key-prefix", "N", "Values are the first N components of keys; then there is no --v.", static text => (int?)Parsed.WholeNumber(1, SequenceFormat.MaxHeadDim)(text));

    /// <summary>Adds the options to a verb.</summary>
    public void AddTo(Verb verb)
    {
        foreach (Option option in (Option[])[_score, _scale, _softCap, _alibi, _relativeBias, _sinks, _rope, _prefix])
        {
            verb.Add(option);
        }
    }

    /// <summary>What the user asked for.</summary>
    public ScoreRequest Read(ParseResult parsed) => new()
    {
        Score = parsed.GetValue(_score),
        Scale = parsed.GetValue(_scale),
        SoftCap = parsed.GetValue(_softCap),
        Alibi = parsed.GetValue(_alibi),
        RelativeBias = parsed.GetValue(_relativeBias),
        Sinks = parsed.GetValue(_sinks),
        Rope = parsed.GetValue(_rope),
        ValueFromKeyPrefix = parsed.GetValue(_prefix),
    };
}
