using System.Text.Json.Nodes;
using DistAttention.Engine.TensorFiles;
using Microsoft.AspNetCore.Http;

namespace DistAttention.Http.Problems;

/// <summary>What callers are told of an error. Errors of this library say what is wrong; of any other they learn nothing but that it happened.</summary>
internal static class ProblemMap
{
    private static readonly TimeSpan _soon = TimeSpan.FromSeconds(1);

    /// <summary>The problem of an error.</summary>
    public static Problem Of(Exception error) => error switch
    {
        HttpProblemException e => e.Problem,
        PartialAppendException { InnerException: { } inner } e => Of(inner) is var problem
            ? problem with { Facts = [.. problem.Facts, ("appended", new JsonObject { ["firstPosition"] = e.FirstPosition, ["count"] = e.Count })] }
            : throw e,
        InvalidSpecException e => New(ProblemKinds.InvalidSpec, e, ("property", e.Property)),
        MaskSyntaxException e => New(ProblemKinds.MaskSyntax, e, ("text", e.Text), ("position", e.Position)),
        TensorFileException e => New(ProblemKinds.MalformedTensor, e),
        ShapeMismatchException e => New(ProblemKinds.ShapeMismatch, e, ("tensor", e.Tensor), ("expected", e.Expected), ("actual", e.Actual)),
        InvalidTensorException e => New(ProblemKinds.InvalidTensor, e, ("tensor", e.Tensor), ("token", e.Token), ("head", e.Head)),
        NumericOverflowException e => New(ProblemKinds.NumericOverflow, e, ("row", e.Row), ("head", e.Head)),
        NotAuthenticatedException e => New(ProblemKinds.NotAuthenticated, e) with { Headers = [("WWW-Authenticate", e.ShowedToken ? "Bearer realm=\"distattn\", error=\"invalid_token\"" : "Bearer realm=\"distattn\"")] },
        AccessDeniedException e => New(ProblemKinds.AccessDenied, e),
        SequenceNotFoundException e => New(ProblemKinds.SequenceNotFound, e, ("sequence", e.Id.Value)),
        SequenceExistsException e => New(ProblemKinds.SequenceExists, e, ("sequence", e.Id.Value)),
        AppendConflictException e => New(ProblemKinds.AppendConflict, e),
        SnapshotLostException e => New(ProblemKinds.SnapshotLost, e, ("sequence", e.Id.Value), ("epoch", e.Snapshot.Epoch), ("length", e.Snapshot.Length)),
        ArithmeticVersionException e => New(ProblemKinds.ArithmeticVersion, e, ("stored", e.Stored), ("supported", e.Supported)),
        OverloadedException e => New(e.IsCallersOwn ? ProblemKinds.CallerOverloaded : ProblemKinds.Overloaded, e) with { RetryAfter = e.RetryAfter },
        AttentionTimeoutException e => new Problem(ProblemKinds.Timeout, $"No exact answer within {e.Timeout.TotalSeconds:0.###} s.{Cause(e.InnerException)}") { Facts = [("timeoutSeconds", e.Timeout.TotalSeconds)] },
        CapacityExceededException e => New(ProblemKinds.CapacityExceeded, e, ("budgetBytes", e.BudgetBytes), ("usedBytes", e.UsedBytes), ("neededBytes", e.NeededBytes)),
        PartialFailureException e => new Problem(ProblemKinds.PartialFailure, $"{e.Failed} of {e.Total} parts of the call failed.{Cause(e.InnerException)}") { Facts = [("total", e.Total), ("failed", e.Failed)] },
        ShardLostException e => New(ProblemKinds.ShardLost, e, ("sequence", e.Id.Value), ("positions", new JsonArray(e.Positions.Start, e.Positions.End))),
        StorageException { IsTransient: false } => new Problem(ProblemKinds.StorageFailed, "The storage could not do what was asked; the service's log says why."),
        StorageDamagedException => new Problem(ProblemKinds.StorageDamaged, "Stored rows are damaged, and nothing is answered from them; the service's log says where."),
        DistAttentionException { IsTransient: true } => new Problem(ProblemKinds.Unavailable, "A part of the service cannot be reached just now.") { RetryAfter = _soon },
        BadHttpRequestException e => new Problem(KindOf(e.StatusCode), e.StatusCode == StatusCodes.Status413PayloadTooLarge ? "The body is larger than is taken." : "The request is malformed."),
        _ => new Problem(ProblemKinds.Internal, "The service failed; its log says how."),
    };

    private static ProblemKind KindOf(int status) => status switch
    {
        StatusCodes.Status413PayloadTooLarge => ProblemKinds.TooLarge,
        StatusCodes.Status408RequestTimeout => ProblemKinds.TooSlow,
        _ => ProblemKinds.BadRequest,
    };

    /// <summary>What may be said of a cause: as much as if it were the error.</summary>
    private static string Cause(Exception? cause) => cause is DistAttentionException ? $" First cause: {Of(cause).Detail}" : "";

    private static Problem New(ProblemKind kind, Exception error, params (string, JsonNode?)[] facts) => new(kind, error.Message) { Facts = facts };
}

/// <summary>An append whose rows came in several parts failed after some of them; those stay.</summary>
/// <param name="inner">What failed.</param>
/// <param name="firstPosition">Where the first row of the parts before is.</param>
/// <param name="count">Rows of the parts before.</param>
internal sealed class PartialAppendException(Exception inner, long firstPosition, long count) : Exception(inner.Message, inner)
{
    public long FirstPosition { get; } = firstPosition;

    public long Count { get; } = count;
}
