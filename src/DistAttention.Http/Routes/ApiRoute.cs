using DistAttention.Http.Calls;
using DistAttention.Http.Parameters;
using DistAttention.Http.Problems;

namespace DistAttention.Http.Routes;

/// <summary>What a body is.</summary>
internal enum BodyKind
{
    /// <summary>There is none.</summary>
    None,

    /// <summary>A JSON document.</summary>
    Json,

    /// <summary>A JSON document, or nothing.</summary>
    OptionalJson,

    /// <summary>Tensors in one of the formats.</summary>
    Tensors,

    /// <summary>Tensors, or nothing.</summary>
    OptionalTensors,
}

/// <summary>One address of the API with one or two methods: what is mapped, and what is documented.</summary>
/// <param name="Methods">Its methods, HEAD beside GET.</param>
/// <param name="Pattern">Its path, parameters in braces.</param>
/// <param name="OperationId">Its name in clients that are made from the document.</param>
/// <param name="Summary">What it does.</param>
/// <param name="Handler">Does it.</param>
internal sealed record ApiRoute(IReadOnlyList<string> Methods, string Pattern, string OperationId, string Summary, Func<ApiCall, Task> Handler)
{
    /// <summary>More about it.</summary>
    public string Description { get; init; } = "";

    /// <summary>Its parameters, in the path, the query and headers.</summary>
    public IReadOnlyList<ApiParameter> Parameters { get; init; } = [];

    /// <summary>The body of a request.</summary>
    public BodyKind Request { get; init; }

    /// <summary>What the body of a request holds; the name of a schema where it is JSON.</summary>
    public string RequestContent { get; init; } = "";

    /// <summary>The status of success.</summary>
    public int Status { get; init; } = 200;

    /// <summary>The body of an answer.</summary>
    public BodyKind Answer { get; init; } = BodyKind.Json;

    /// <summary>What the body of an answer holds; the name of a schema where it is JSON.</summary>
    public string AnswerContent { get; init; } = "";

    /// <summary>Whether it is answered to callers who show no token.</summary>
    public bool IsOpen { get; init; }

    /// <summary>Whether an answer has a validator, and may be 304.</summary>
    public bool IsCacheable { get; init; }

    /// <summary>Problems of its own, beside those that any request may have.</summary>
    public IReadOnlyList<ProblemKind> Problems { get; init; } = [];

    /// <summary>Every problem it may answer with.</summary>
    public IEnumerable<ProblemKind> AllProblems => Problems.Concat(Common()).Distinct().OrderBy(static p => p.Status);

    private IEnumerable<ProblemKind> Common()
    {
        yield return ProblemKinds.InvalidParameter;
        yield return ProblemKinds.BadRequest;
        yield return ProblemKinds.MethodNotAllowed;
        yield return ProblemKinds.NotAcceptable;
        yield return ProblemKinds.Internal;
        if (!IsOpen)
        {
            foreach (ProblemKind kind in (ProblemKind[])[ProblemKinds.NotAuthenticated, ProblemKinds.AccessDenied, ProblemKinds.InvalidSpec, ProblemKinds.CallerOverloaded, ProblemKinds.Overloaded, ProblemKinds.Unavailable, ProblemKinds.Timeout, ProblemKinds.StorageFailed, ProblemKinds.StorageDamaged])
            {
                yield return kind;
            }
        }

        if (Request != BodyKind.None)
        {
            yield return ProblemKinds.TooSlow;
            yield return ProblemKinds.TooLarge;
            yield return ProblemKinds.UnsupportedMediaType;
        }

        if (Request is BodyKind.Json or BodyKind.OptionalJson)
        {
            yield return ProblemKinds.InvalidJson;
        }

        if (Request is BodyKind.Tensors or BodyKind.OptionalTensors)
        {
            yield return ProblemKinds.MalformedTensor;
        }
    }
}
