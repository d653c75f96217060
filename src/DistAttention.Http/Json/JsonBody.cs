using System.Text.Json;
using DistAttention.Http.Problems;
using Microsoft.AspNetCore.Http;

namespace DistAttention.Http;

/// <summary>Reads the JSON document of a request.</summary>
internal static class JsonBody
{
    /// <summary>Reads the fields of a document.</summary>
    /// <param name="context">The request.</param>
    /// <param name="maxBytes">The most bytes taken.</param>
    /// <param name="isOptional">Whether no body means no fields.</param>
    public static async Task<JsonFields> ReadAsync(HttpContext context, int maxBytes, bool isOptional = false)
    {
        HttpRequest request = context.Request;
        if (isOptional && request.ContentType is null && request.ContentLength is null or 0)
        {
            using JsonDocument nothing = JsonDocument.Parse("{}");
            return new JsonFields(nothing.RootElement.Clone());
        }

        if (!request.HasJsonContentType())
        {
            throw HttpProblemException.UnsupportedMediaType($"the body is sent as '{request.ContentType ?? "nothing"}'; {JsonAnswers.MediaType} is read here", JsonAnswers.MediaType);
        }

        if (request.ContentLength > maxBytes)
        {
            throw HttpProblemException.TooLarge($"the document has {request.ContentLength:N0} bytes; at most {maxBytes:N0} are read");
        }

        try
        {
            using JsonDocument document = await JsonDocument.ParseAsync(request.Body, new JsonDocumentOptions { MaxDepth = 16 }, context.RequestAborted).ConfigureAwait(false);
            return new JsonFields(document.RootElement.Clone());
        }
        catch (JsonException error)
        {
            throw HttpProblemException.Json("", $"line {error.LineNumber + 1}, byte {error.BytePositionInLine + 1}: no valid JSON");
        }
    }
}
