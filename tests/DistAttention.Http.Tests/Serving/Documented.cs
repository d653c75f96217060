using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using DistAttention.Http.Routes;

namespace DistAttention.Http.Tests.Serving;

/// <summary>Holds what the API does against what its document says.</summary>
internal static class Documented
{
    public static JsonObject Document { get; } = OpenApiDocument.Make();

    /// <summary>Fails if an operation answers with a status, or takes a parameter, that the document does not have.</summary>
    public static void Require(string method, string address, Answer answer)
    {
        string path = address.Split('?')[0];
        KeyValuePair<string, JsonNode?>? at = Document["paths"]!.AsObject()
            .Where(p => Regex.IsMatch(path, "^" + Regex.Replace(p.Key, @"\{\w+\}", "[^/]+") + "$"))
            .OrderBy(static p => p.Key.Count(static c => c == '{'))
            .Cast<KeyValuePair<string, JsonNode?>?>().FirstOrDefault();
        if (at is not { } found || found.Value![method.ToLowerInvariant()] is not { } operation)
        {
            Assert.True(answer.Status is 404 or 405, $"{method} {address} is not documented, but is answered with {answer.Status}.");
            return;
        }

        JsonNode? response = operation["responses"]![$"{answer.Status}"];
        Assert.True(response is not null, $"{method} {found.Key} answers {answer.Status}, which is not documented: {answer.Text}");
        if (answer.Body.Length > 0)
        {
            string[] types = [.. response["content"]!.AsObject().Select(static c => c.Key)];
            Assert.Contains(answer.Message.Content.Headers.ContentType!.MediaType, types);
        }

        if (answer.Status < 300 && address.Contains('?', StringComparison.Ordinal))
        {
            string[] names = [.. operation["parameters"]!.AsArray().Where(static p => (string?)p!["in"] == "query").Select(static p => (string)p!["name"]!)];
            Assert.All(address.Split('?')[1].Split('&'), parameter => Assert.Contains(parameter.Split('=')[0], names));
        }

        foreach ((string name, _) in response["headers"]?.AsObject() ?? [])
        {
            Assert.NotNull(answer.Header(name));
        }
    }
}
