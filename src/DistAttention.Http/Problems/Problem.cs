using System.Text.Json.Nodes;

namespace DistAttention.Http.Problems;

/// <summary>A kind of failure, as callers tell them apart: stable, once published.</summary>
/// <param name="Name">The last part of its <c>type</c>: "sequence-not-found".</param>
/// <param name="Status">Its status.</param>
/// <param name="Title">What it means, the same for all of the kind.</param>
internal sealed record ProblemKind(string Name, int Status, string Title)
{
    /// <summary>What stands before the name.</summary>
    public const string Prefix = "/v1/problems/";

    /// <summary>The <c>type</c> of problem+json (RFC 9457): a reference whose document says what it means.</summary>
    public string Type => Prefix + Name;
}

/// <summary>One failure.</summary>
/// <param name="Kind">Its kind.</param>
/// <param name="Detail">What is wrong this time, naming it.</param>
internal sealed record Problem(ProblemKind Kind, string Detail)
{
    /// <summary>Facts about it, by name.</summary>
    public IReadOnlyList<(string Name, JsonNode? Value)> Facts { get; init; } = [];

    /// <summary>When the same request may succeed; null: not without a change, or nobody knows.</summary>
    public TimeSpan? RetryAfter { get; init; }

    /// <summary>Headers that go with it.</summary>
    public IReadOnlyList<(string Name, string Value)> Headers { get; init; } = [];

    /// <summary>As problem+json.</summary>
    public JsonObject ToJson()
    {
        JsonObject json = new()
        {
            ["type"] = Kind.Type,
            ["title"] = Kind.Title,
            ["status"] = Kind.Status,
            ["detail"] = Detail,
        };
        foreach ((string name, JsonNode? value) in Facts)
        {
            json[name] = value;
        }

        if (RetryAfter is { } after)
        {
            json["retryAfterSeconds"] = after.TotalSeconds;
        }

        return json;
    }
}

/// <summary>A failure that only HTTP knows: a header, a method, a size.</summary>
internal sealed class HttpProblemException(Problem problem) : Exception(problem.Detail)
{
    public Problem Problem { get; } = problem;

    public static HttpProblemException UnsupportedMediaType(string detail, string readHere) =>
        new(new Problem(ProblemKinds.UnsupportedMediaType, detail) { Headers = [("Accept", readHere)] });

    public static HttpProblemException NotAcceptable(string detail) => new(new Problem(ProblemKinds.NotAcceptable, detail));

    public static HttpProblemException TooLarge(string detail) => new(new Problem(ProblemKinds.TooLarge, detail));

    public static HttpProblemException Parameter(string name, string detail) =>
        new(new Problem(ProblemKinds.InvalidParameter, $"{name}: {detail}") { Facts = [("parameter", name)] });

    public static HttpProblemException Json(string path, string detail) =>
        new(new Problem(ProblemKinds.InvalidJson, path.Length == 0 ? detail : $"{path}: {detail}") { Facts = [("path", path)] });
}
