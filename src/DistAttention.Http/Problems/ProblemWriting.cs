using System.Globalization;
using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Http;

namespace DistAttention.Http.Problems;

/// <summary>Writes problems as answers.</summary>
internal static class ProblemWriting
{
    public const string MediaType = "application/problem+json";

    /// <summary>Makes a problem the answer. Nothing of another answer may have been sent.</summary>
    public static Task WriteAsync(HttpContext context, Problem problem)
    {
        HttpResponse response = context.Response;
        string? allow = response.Headers.Allow;
        response.Clear();
        response.StatusCode = problem.Kind.Status;
        if (!string.IsNullOrEmpty(allow))
        {
            response.Headers.Allow = allow;
        }

        if (problem.RetryAfter is { } after)
        {
            response.Headers.RetryAfter = Math.Max(1, Math.Ceiling(after.TotalSeconds)).ToString(CultureInfo.InvariantCulture);
        }

        if (problem.Kind == ProblemKinds.TooLarge)
        {
            response.Headers.Connection = "close"; // the rest of the body is not waited for
        }

        foreach ((string name, string value) in problem.Headers)
        {
            response.Headers[name] = value;
        }

        JsonObject json = problem.ToJson();
        return JsonAnswers.WriteAsync(context, json, MediaType);
    }
}
