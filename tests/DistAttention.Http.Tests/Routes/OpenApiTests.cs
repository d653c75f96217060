using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using DistAttention.Http.Problems;
using DistAttention.Http.Tests.Serving;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;

namespace DistAttention.Http.Tests.Routes;

/// <summary>The document says everything that is mapped, and nothing else. That statuses and parameters are in it is held against every request of every test.</summary>
public sealed class OpenApiTests
{
    [Fact]
    public async Task EveryMappedRouteAndMethodIsInTheDocumentAndNothingElse()
    {
        await using TestServer server = await TestServer.StartAsync();
        Answer answer = (await server.GetAsync("/v1/openapi.json")).Is(200);
        HashSet<string> documented = [.. answer.Json["paths"]!.AsObject().SelectMany(static path => path.Value!.AsObject().Select(method => $"{method.Key.ToUpperInvariant()} {path.Key}"))];
        HashSet<string> mapped = [];
        foreach (RouteEndpoint endpoint in server.Services.GetRequiredService<IEnumerable<EndpointDataSource>>().SelectMany(static s => s.Endpoints).OfType<RouteEndpoint>())
        {
            foreach (string method in endpoint.Metadata.GetRequiredMetadata<HttpMethodMetadata>().HttpMethods)
            {
                Assert.True(mapped.Add($"{method} {endpoint.RoutePattern.RawText}"), "mapped twice");
            }
        }

        Assert.Equal(mapped.Order(StringComparer.Ordinal), documented.Order(StringComparer.Ordinal));
    }

    [Fact]
    public void PathParametersReferencesAndOperationNamesHold()
    {
        JsonObject document = Documented.Document;
        Assert.Equal("3.1.0", (string?)document["openapi"]);
        HashSet<string> names = [];
        foreach ((string path, JsonNode? methods) in document["paths"]!.AsObject())
        {
            string[] inPath = [.. Regex.Matches(path, @"\{(\w+)\}").Select(static m => m.Groups[1].Value)];
            foreach ((string method, JsonNode? operation) in methods!.AsObject())
            {
                Assert.True(names.Add((string)operation!["operationId"]!), $"{method} {path}");
                Assert.Equal(inPath, operation["parameters"]!.AsArray().Where(static p => (string?)p!["in"] == "path").Select(static p => (string)p!["name"]!));
                Assert.All(operation["parameters"]!.AsArray(), static p => Assert.False(string.IsNullOrEmpty((string?)p!["description"])));
                Assert.Contains(operation["responses"]!.AsObject(), static r => r.Key.StartsWith('2'));
            }
        }

        string[] schemas = [.. document["components"]!["schemas"]!.AsObject().Select(static s => $"#/components/schemas/{s.Key}")];
        string[] references = [.. Regex.Matches(document.ToJsonString(), "\"\\$ref\":\"([^\"]+)\"").Select(static m => m.Groups[1].Value).Distinct()];
        Assert.Equal(schemas.Order(StringComparer.Ordinal), references.Order(StringComparer.Ordinal));
    }

    [Fact]
    public async Task EveryKindOfProblemSaysWhatItMeans()
    {
        await using TestServer server = await TestServer.StartAsync();
        Assert.Equal(ProblemKinds.All.Count, ProblemKinds.All.Select(static k => k.Name).Distinct().Count());
        foreach (ProblemKind kind in ProblemKinds.All)
        {
            JsonNode meaning = (await server.GetAsync(kind.Type)).Is(200).Json;
            Assert.Equal(kind.Title, (string?)meaning["title"]);
            Assert.Equal(kind.Status, (int?)meaning["status"]);
        }

        (await server.GetAsync("/v1/problems/none")).Problem(404, "no-such-route");
    }

    [Fact]
    public async Task TheDocumentIsAskedForAgainByItsETag()
    {
        await using TestServer server = await TestServer.StartAsync();
        Answer first = (await server.GetAsync("/v1/openapi.json")).Is(200);
        Answer again = (await server.SendAsync("GET", "/v1/openapi.json", null, ("If-None-Match", first.Header("ETag")!))).Is(304);
        Assert.Empty(again.Body);
        Answer head = (await server.SendAsync("HEAD", "/v1/openapi.json")).Is(200);
        Assert.Equal((long?)first.Body.Length, head.Message.Content.Headers.ContentLength);
    }
}
