using System.Security.Cryptography;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Http;
using Microsoft.Net.Http.Headers;

namespace DistAttention.Http;

/// <summary>Writes JSON documents as answers.</summary>
internal static class JsonAnswers
{
    public const string MediaType = "application/json";

    private static readonly JsonSerializerOptions _plain = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    /// <summary>Writes a document, its length said before it.</summary>
    public static async Task WriteAsync(HttpContext context, JsonNode document, string mediaType = MediaType)
    {
        byte[] body = Encoding.UTF8.GetBytes(document.ToJsonString(_plain));
        context.Response.ContentType = mediaType;
        context.Response.Headers.CacheControl = "no-store";
        await SendAsync(context, body).ConfigureAwait(false);
    }

    /// <summary>Writes a document that callers may ask for again: with a validator made of its bytes, and 304 for those who have it.</summary>
    public static async Task WriteCacheableAsync(HttpContext context, JsonNode document, string mediaType = MediaType)
    {
        byte[] body = Encoding.UTF8.GetBytes(document.ToJsonString(_plain));
        EntityTagHeaderValue tag = new($"\"{Convert.ToHexStringLower(SHA256.HashData(body).AsSpan(0, 8))}\"");
        context.Response.Headers.ETag = tag.ToString();
        context.Response.Headers.CacheControl = "no-cache";
        context.Response.Headers.Vary = "Authorization";
        if (context.Request.GetTypedHeaders().IfNoneMatch.Any(known => known.Equals(EntityTagHeaderValue.Any) || known.Compare(tag, useStrongComparison: false)))
        {
            context.Response.StatusCode = StatusCodes.Status304NotModified;
            return;
        }

        context.Response.ContentType = mediaType;
        await SendAsync(context, body).ConfigureAwait(false);
    }

    private static async Task SendAsync(HttpContext context, byte[] body)
    {
        context.Response.ContentLength = body.Length;
        if (!HttpMethods.IsHead(context.Request.Method))
        {
            await context.Response.BodyWriter.WriteAsync(body, context.RequestAborted).ConfigureAwait(false);
        }
    }
}
