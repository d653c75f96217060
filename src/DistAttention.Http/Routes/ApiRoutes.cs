using DistAttention.Http.Calls;
using DistAttention.Http.Parameters;
using DistAttention.Http.Problems;

namespace DistAttention.Http.Routes;

/// <summary>Every address of the API. What is mapped and what the OpenAPI document says are both made of this table.</summary>
internal static class ApiRoutes
{
    private static readonly IReadOnlyList<string> _get = ["GET", "HEAD"];

    private static readonly ProblemKind[] _attending =
    [
        ProblemKinds.SequenceNotFound, ProblemKinds.MaskSyntax, ProblemKinds.ShapeMismatch, ProblemKinds.InvalidTensor, ProblemKinds.NumericOverflow, ProblemKinds.SnapshotLost,
        ProblemKinds.PartialFailure, ProblemKinds.ShardLost, ProblemKinds.CapacityExceeded, ProblemKinds.ArithmeticVersion,
    ];

    private static readonly ProblemKind[] _appending =
    [
        ProblemKinds.SequenceNotFound, ProblemKinds.ShapeMismatch, ProblemKinds.InvalidTensor, ProblemKinds.AppendConflict, ProblemKinds.SnapshotLost, ProblemKinds.PartialFailure,
        ProblemKinds.ShardLost, ProblemKinds.CapacityExceeded, ProblemKinds.ArithmeticVersion,
    ];

    private static readonly ApiParameter[] _explaining = [ApiParameters.Id, ApiParameters.Rows, .. ApiParameters.Attending, ApiParameters.Visits];

    /// <summary>All of them.</summary>
    public static IReadOnlyList<ApiRoute> All { get; } =
    [
        new(_get, "/v1/sequences", "listSequences", "Lists sequences in the order of their names.", SequenceCalls.ListAsync)
        {
            Parameters = [ApiParameters.Prefix, ApiParameters.After, ApiParameters.Limit],
            AnswerContent = "SequencePage",
            Problems = [ProblemKinds.ShardLost],
        },
        new(["PUT"], "/v1/sequences/{id}", "createSequence", "Creates an empty sequence.", SequenceCalls.CreateAsync)
        {
            Parameters = [ApiParameters.Id],
            Request = BodyKind.Json,
            RequestContent = "SequenceSpec",
            Status = 201,
            AnswerContent = "SequenceInfo",
            Problems = [ProblemKinds.SequenceExists, ProblemKinds.MaskSyntax, ProblemKinds.SequenceNotFound],
        },
        new(_get, "/v1/sequences/{id}", "getSequence", "What is known of a sequence.", SequenceCalls.InfoAsync)
        {
            Parameters = [ApiParameters.Id],
            AnswerContent = "SequenceInfo",
            IsCacheable = true,
            Problems = [ProblemKinds.SequenceNotFound, ProblemKinds.ShardLost],
        },
        new(["DELETE"], "/v1/sequences/{id}", "deleteSequence", "Deletes a sequence. Forks keep what they share.", SequenceCalls.DeleteAsync)
        {
            Parameters = [ApiParameters.Id],
            Status = 204,
            Answer = BodyKind.None,
            Problems = [ProblemKinds.SequenceNotFound, ProblemKinds.ShardLost],
        },
        new(["POST"], "/v1/sequences/{id}/fork", "forkSequence", "Makes a new sequence that starts with this one's first positions, sharing them.", SequenceCalls.ForkAsync)
        {
            Parameters = [ApiParameters.Id],
            Request = BodyKind.Json,
            RequestContent = "Fork",
            Status = 201,
            AnswerContent = "SequenceInfo",
            Problems = [ProblemKinds.SequenceNotFound, ProblemKinds.SequenceExists, ProblemKinds.SnapshotLost, ProblemKinds.ShardLost],
        },
        new(["POST"], "/v1/sequences/{id}/truncate", "truncateSequence", "Keeps the first positions and drops the rest.", SequenceCalls.TruncateAsync)
        {
            Parameters = [ApiParameters.Id],
            Request = BodyKind.Json,
            RequestContent = "Truncation",
            AnswerContent = "Snapshot",
            Problems = [ProblemKinds.SequenceNotFound, ProblemKinds.SnapshotLost, ProblemKinds.ShardLost],
        },
        new(["POST"], "/v1/sequences/{id}/append", "appendRows", "Appends rows of k and v.", AppendCall.RunAsync)
        {
            Description = "The body is read as it comes, in parts of at most the server's slice; the answer comes when all of it is stored. Where a part fails, those before it stay, and the problem says how many rows they are.",
            Parameters = [ApiParameters.Id, ApiParameters.Position, ApiParameters.IdempotencyKey],
            Request = BodyKind.Tensors,
            RequestContent = "k [rows, numHeadsKv, headDim] and v [rows, numHeadsKv, headDimV], in this order in .npy; or kv [rows, numHeadsKv, headDim + headDimV], k's components before v's, which is streamed whatever its length. Several documents may follow each other.",
            AnswerContent = "Appended",
            Problems = _appending,
        },
        new(["POST"], "/v1/sequences/{id}/attend", "attend", "Exact attention of query rows over the sequence.", AttendCall.RunAsync)
        {
            Description = "Rows are answered as they come, against one snapshot. A request of more rows than the server's slice must be read while it is sent. An answer that fails after it has begun is cut off: its length is said before it.",
            Parameters = [ApiParameters.Id, .. ApiParameters.Attending, ApiParameters.Outputs],
            Request = BodyKind.Tensors,
            RequestContent = "q [rows, numHeadsQ, headDim]; before it the tensors that mask and score name.",
            Answer = BodyKind.Tensors,
            AnswerContent = "o [rows, numHeadsQ, headDimV] and behind it lse [rows, numHeadsQ], float32.",
            Problems = _attending,
        },
        new(["POST"], "/v1/sequences/{id}/append-and-attend", "appendAndAttend", "A decode step: appends rows, then attends over everything up to them.", AppendAndAttendCall.RunAsync)
        {
            Parameters = [ApiParameters.Id, .. ApiParameters.Attending, ApiParameters.Outputs, ApiParameters.Position, ApiParameters.IdempotencyKey],
            Request = BodyKind.Tensors,
            RequestContent = "k, v (or kv) and q, in this order in .npy; before q the tensors that mask and score name.",
            Answer = BodyKind.Tensors,
            AnswerContent = "o [rows, numHeadsQ, headDimV] and behind it lse [rows, numHeadsQ], float32.",
            Problems = [.. _attending, .. _appending],
        },
        new(_get, "/v1/sequences/{id}/explain", "explain", "The plan that attending would follow, without running it.", ExplainCall.RunAsync)
        {
            Parameters = _explaining,
            AnswerContent = "Plan",
            Problems = _attending,
        },
        new(["POST"], "/v1/sequences/{id}/explain", "explainWithTensors", "The same, with the tensors that mask and score name.", ExplainCall.RunAsync)
        {
            Parameters = _explaining,
            Request = BodyKind.OptionalTensors,
            RequestContent = "The tensors that mask and score name.",
            AnswerContent = "Plan",
            Problems = _attending,
        },
        new(_get, "/v1/openapi.json", "getOpenApi", "This document.", DocumentCalls.OpenApiAsync)
        {
            IsOpen = true,
            IsCacheable = true,
            AnswerContent = "OpenApi",
        },
        new(_get, "/v1/problems/{name}", "getProblem", "What a problem's type means.", DocumentCalls.ProblemAsync)
        {
            IsOpen = true,
            IsCacheable = true,
            Parameters = [ApiParameters.Problem],
            AnswerContent = "ProblemKind",
            Problems = [ProblemKinds.NoSuchRoute],
        },
    ];
}
