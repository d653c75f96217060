using System.Reflection;

namespace DistAttention.Http.Problems;

/// <summary>Every kind of failure.</summary>
internal static class ProblemKinds
{
    // What is wrong with the request itself.
    public static readonly ProblemKind InvalidParameter = new("invalid-parameter", 400, "A parameter is unknown, or its value is not one");
    public static readonly ProblemKind InvalidJson = new("invalid-json", 400, "The document is not what is needed");
    public static readonly ProblemKind InvalidSpec = new("invalid-spec", 400, "A property of a sequence or an option is impossible");
    public static readonly ProblemKind MaskSyntax = new("mask-syntax", 400, "The text of a mask cannot be read");
    public static readonly ProblemKind MalformedTensor = new("malformed-tensor", 400, "The body is not the tensors it should be");
    public static readonly ProblemKind BadRequest = new("bad-request", 400, "The request is malformed");
    public static readonly ProblemKind NotAuthenticated = new("not-authenticated", 401, "A token is needed");
    public static readonly ProblemKind AccessDenied = new("access-denied", 403, "The token does not allow that");
    public static readonly ProblemKind NoSuchRoute = new("no-such-route", 404, "There is nothing at this address");
    public static readonly ProblemKind MethodNotAllowed = new("method-not-allowed", 405, "The address does not have that method");
    public static readonly ProblemKind NotAcceptable = new("not-acceptable", 406, "No format of the answer is accepted");
    public static readonly ProblemKind TooSlow = new("request-timeout", 408, "The request came too slowly");
    public static readonly ProblemKind TooLarge = new("too-large", 413, "A part of the request is larger than is taken");
    public static readonly ProblemKind UnsupportedMediaType = new("unsupported-media-type", 415, "The body is in a format that is not read here");
    public static readonly ProblemKind ShapeMismatch = new("shape-mismatch", 422, "A tensor does not have the shape that the sequence asks for");
    public static readonly ProblemKind InvalidTensor = new("invalid-tensor", 422, "A tensor holds a value that cannot be used");
    public static readonly ProblemKind NumericOverflow = new("numeric-overflow", 422, "A score or an output exceeds float32");

    // What the sequence says.
    public static readonly ProblemKind SequenceNotFound = new("sequence-not-found", 404, "There is no sequence of that name");
    public static readonly ProblemKind SequenceExists = new("sequence-exists", 409, "A sequence of that name exists already");
    public static readonly ProblemKind AppendConflict = new("append-conflict", 409, "The rows would not land where they should, or the key names another append");
    public static readonly ProblemKind SnapshotLost = new("snapshot-lost", 409, "The sequence was truncated or deleted meanwhile");

    // What the service says.
    public static readonly ProblemKind CallerOverloaded = new("caller-overloaded", 429, "The caller's share of the service is full");
    public static readonly ProblemKind Internal = new("internal", 500, "The service failed");
    public static readonly ProblemKind PartialFailure = new("partial-failure", 500, "Parts of the call failed for good");
    public static readonly ProblemKind ShardLost = new("shard-lost", 500, "Positions that were acknowledged cannot be read");
    public static readonly ProblemKind StorageFailed = new("storage-failed", 500, "The storage could not do what was asked");
    public static readonly ProblemKind StorageDamaged = new("storage-damaged", 500, "Stored bytes are not what was written");
    public static readonly ProblemKind ArithmeticVersion = new("arithmetic-version", 501, "The sequence was made with an arithmetic that is not computed here");
    public static readonly ProblemKind Overloaded = new("overloaded", 503, "The service is full");
    public static readonly ProblemKind Unavailable = new("unavailable", 503, "A part of the service cannot be reached just now");
    public static readonly ProblemKind Timeout = new("timeout", 504, "There was no exact answer in the time allowed");
    public static readonly ProblemKind CapacityExceeded = new("capacity-exceeded", 507, "The memory for rows cannot hold what is asked");

    /// <summary>All of them.</summary>
    public static IReadOnlyList<ProblemKind> All { get; } =
        [.. typeof(ProblemKinds).GetFields(BindingFlags.Public | BindingFlags.Static).Select(static f => f.GetValue(null)).OfType<ProblemKind>()];
}
