using System.Globalization;

namespace DistAttention.Cli.Arguments;

/// <summary>A score in a few words, with what the sequence adds to it: "scaled-dot, soft cap 50, rope on 64 components".</summary>
internal static class ScoreText
{
    public static string Of(ScoreFunction score, SequenceSpec spec)
    {
        string kind = score switch
        {
            DotScore => "dot",
            MultiplicativeScore multiplicative => $"multiplicative {multiplicative.Weights}",
            AdditiveScore => $"additive over {spec.StoredHeadDim} components",
            _ => "scaled-dot",
        };
        IEnumerable<string?> parts =
        [
            kind,
            score.SoftCap is { } cap ? string.Create(CultureInfo.InvariantCulture, $"soft cap {cap}") : null,
            score.AlibiSlopes is null ? null : "ALiBi",
            score.RelativeBias is { } bias ? $"relative bias within {bias.Radius}" : null,
            score.SinkLogits is null ? null : "sinks",
            spec.Rope is { } rope ? $"rope on {rope.Dims} components" : null,
        ];
        return string.Join(", ", parts.OfType<string>());
    }
}
