using static DistAttention.Http.Parameters.ParameterType;

namespace DistAttention.Http.Parameters;

/// <summary>Every parameter there is. Masks and scores have the grammar of the command line; what are files there are named tensors of the body here.</summary>
internal static class ApiParameters
{
    public static readonly ApiParameter Id = new(ParameterPlace.Path, "id", ParameterType.String, "The sequence's name: 1 to 256 letters, digits and . _ - / :, a slash written as %2F.") { IsRequired = true };

    public static readonly ApiParameter Prefix = new(ParameterPlace.Query, "prefix", ParameterType.String, "Only names that start with this.");
    public static readonly ApiParameter After = new(ParameterPlace.Query, "after", ParameterType.String, "Only names behind this one: the next of the page before.");
    public static readonly ApiParameter Limit = new(ParameterPlace.Query, "limit", Integer, "Sequences of a page, 1 to 10000. Default 1000.");

    public static readonly ApiParameter IdempotencyKey = new(ParameterPlace.Header, "Idempotency-Key", ParameterType.String, "Names the append: repeating it with the same key and rows appends nothing again. 1 to 256 characters; a UUID is best.");
    public static readonly ApiParameter Position = new(ParameterPlace.Query, "position", Integer, "The position at which the first row must land; without it, wherever the sequence ends.");

    public static readonly ApiParameter Mask = new(ParameterPlace.Query, "mask", ParameterType.String, "Which positions a query sees, as on the command line: full (the default), causal, window:4096,0, causal & (first:4 | last:4096), … Data that it names (segments:ids) are tensors of the body, before q.");
    public static readonly ApiParameter Score = new(ParameterPlace.Query, "score", ParameterType.String, "scaled-dot (the default), dot, multiplicative:W, additive:v=V,wq=WQ; W, V, WQ being tensors of the body, before q.");
    public static readonly ApiParameter Scale = new(ParameterPlace.Query, "scale", Number, "Factor between q·k and the score. Default 1/√headDim.");
    public static readonly ApiParameter SoftCap = new(ParameterPlace.Query, "softcap", Number, "Scores become C·tanh(score/C).");
    public static readonly ApiParameter Alibi = new(ParameterPlace.Query, "alibi", ParameterType.String, "Adds slope·(key's position − query's): standard, one number per query head, or the name of a tensor of them.");
    public static readonly ApiParameter RelativeBias = new(ParameterPlace.Query, "relative-bias", ParameterType.String, "Adds a number per head and distance: table:B or t5:B,bidirectional,max-distance=128, B being a tensor of the body.");
    public static readonly ApiParameter Sinks = new(ParameterPlace.Query, "sinks", ParameterType.String, "A sink logit per query head: numbers, or the name of a tensor of them.");
    public static readonly ApiParameter FirstQueryPosition = new(ParameterPlace.Query, "first-query-position", Integer, "Position of q's first row. Default: q's last row stands at the last position.");
    public static readonly ApiParameter Length = new(ParameterPlace.Query, "length", Integer, "Answer as of this committed length instead of the latest one.");
    public static readonly ApiParameter Timeout = new(ParameterPlace.Query, "timeout", Number, "Seconds to answer in. Default 600, at most 86400.");
    public static readonly ApiParameter Outputs = new(ParameterPlace.Query, "outputs", ParameterType.String, "What comes back: o,lse (the default), o or lse.");

    public static readonly ApiParameter Rows = new(ParameterPlace.Query, "rows", Integer, "Query rows to plan for.") { IsRequired = true };
    public static readonly ApiParameter Visits = new(ParameterPlace.Query, "visits", ParameterType.Boolean, "Whether every visit of a query tile to a shard is listed. Default false.");

    public static readonly ApiParameter Problem = new(ParameterPlace.Path, "name", ParameterType.String, "The last part of a problem's type.") { IsRequired = true };

    /// <summary>How to attend.</summary>
    public static IReadOnlyList<ApiParameter> Attending { get; } =
        [Mask, Score, Scale, SoftCap, Alibi, RelativeBias, Sinks, FirstQueryPosition, Length, Timeout];
}
