using System.Text.Json.Nodes;
using DistAttention.Http.Parameters;
using DistAttention.Http.Problems;
using DistAttention.Http.Routes;

namespace DistAttention.Http.Calls;

/// <summary>What the API says of itself.</summary>
internal static class DocumentCalls
{
    public static Task OpenApiAsync(ApiCall call) => JsonAnswers.WriteCacheableAsync(call.Context, OpenApiDocument.Make());

    public static Task ProblemAsync(ApiCall call)
    {
        string name = call.Values.Text(ApiParameters.Problem)!;
        ProblemKind kind = ProblemKinds.All.FirstOrDefault(k => k.Name == name)
            ?? throw new HttpProblemException(new Problem(ProblemKinds.NoSuchRoute, $"There is no problem '{name}'."));
        return JsonAnswers.WriteCacheableAsync(call.Context, new JsonObject { ["type"] = kind.Type, ["title"] = kind.Title, ["status"] = kind.Status });
    }
}
