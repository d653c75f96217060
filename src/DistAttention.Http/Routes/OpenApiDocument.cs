using System.Text.Json.Nodes;
using DistAttention.Http.Parameters;
using DistAttention.Http.Problems;
using DistAttention.Http.Tensors;

namespace DistAttention.Http.Routes;

/// <summary>The OpenAPI 3.1 document, made of the table of routes.</summary>
internal static class OpenApiDocument
{
    public static JsonObject Make()
    {
        JsonObject paths = [];
        foreach (IGrouping<string, ApiRoute> at in ApiRoutes.All.GroupBy(static r => r.Pattern))
        {
            JsonObject path = [];
            foreach (ApiRoute route in at)
            {
                foreach (string method in route.Methods)
                {
                    path[method.ToLowerInvariant()] = Operation(route, method);
                }
            }

            paths[at.Key] = path;
        }

        return new JsonObject
        {
            ["openapi"] = "3.1.0",
            ["info"] = new JsonObject
            {
                ["title"] = "DistAttention",
                ["version"] = "1",
                ["description"] = "Exact attention over sequences too long for one machine. Keys and values stay where they are stored; queries travel to them.",
                ["license"] = new JsonObject { ["name"] = "MIT", ["identifier"] = "MIT" },
            },
            ["security"] = new JsonArray(new JsonObject { ["bearer"] = new JsonArray() }, new JsonObject()),
            ["paths"] = paths,
            ["components"] = new JsonObject
            {
                ["schemas"] = OpenApiSchemas.Make(),
                ["securitySchemes"] = new JsonObject
                {
                    ["bearer"] = new JsonObject { ["type"] = "http", ["scheme"] = "bearer", ["description"] = "A token of the cluster (distattn token new). Needed where the service asks for one." },
                },
            },
        };
    }

    private static JsonObject Operation(ApiRoute route, string method)
    {
        bool isHead = method == "HEAD";
        JsonObject operation = new()
        {
            ["operationId"] = isHead ? $"{route.OperationId}Head" : route.OperationId,
            ["summary"] = isHead ? $"The headers of: {route.Summary}" : route.Summary,
        };
        if (route.Description.Length > 0)
        {
            operation["description"] = route.Description;
        }

        if (route.IsOpen)
        {
            operation["security"] = new JsonArray();
        }

        operation["parameters"] = new JsonArray([.. route.Parameters.Select(Parameter), .. route.IsCacheable ? [IfNoneMatch()] : Array.Empty<JsonNode>()]);
        if (route.Request != BodyKind.None)
        {
            operation["requestBody"] = new JsonObject
            {
                ["required"] = route.Request is BodyKind.Json or BodyKind.Tensors,
                ["description"] = route.RequestContent,
                ["content"] = Content(route.Request, route.RequestContent),
            };
        }

        operation["responses"] = Responses(route, isHead);
        return operation;
    }

    private static JsonObject Responses(ApiRoute route, bool isHead)
    {
        JsonObject success = new() { ["description"] = route.Answer == BodyKind.Tensors ? route.AnswerContent : "Done." };
        if (route.Answer != BodyKind.None && !isHead)
        {
            success["content"] = Content(route.Answer, route.AnswerContent);
        }

        JsonObject headers = [];
        foreach ((string name, string description) in HeadersOf(route))
        {
            headers[name] = new JsonObject { ["description"] = description, ["schema"] = new JsonObject { ["type"] = "string" } };
        }

        if (headers.Count > 0)
        {
            success["headers"] = headers;
        }

        JsonObject responses = new() { [$"{route.Status}"] = success };
        if (route.IsCacheable)
        {
            responses["304"] = new JsonObject { ["description"] = "It is still what If-None-Match names." };
        }

        foreach (IGrouping<int, ProblemKind> of in route.AllProblems.GroupBy(static p => p.Status))
        {
            JsonObject response = new() { ["description"] = string.Join(". ", of.Select(static p => $"{p.Name}: {p.Title}")) + "." };
            if (!isHead)
            {
                response["content"] = new JsonObject { [ProblemWriting.MediaType] = new JsonObject { ["schema"] = Reference("Problem") } };
            }

            if (of.Key is 429 or 503)
            {
                response["headers"] = new JsonObject { ["Retry-After"] = new JsonObject { ["description"] = "Whole seconds, rounded up; retryAfterSeconds in the body is exact.", ["schema"] = new JsonObject { ["type"] = "integer" } } };
            }

            responses[$"{of.Key}"] = response;
        }

        return responses;
    }

    private static IEnumerable<(string Name, string Description)> HeadersOf(ApiRoute route)
    {
        if (route.IsCacheable)
        {
            yield return ("ETag", "Changes with every byte of the answer.");
        }

        if (route.Status == 201)
        {
            yield return ("Location", "Where the new sequence is.");
        }

        if (route.Answer == BodyKind.Tensors)
        {
            yield return ("DistAttention-Epoch", "The epoch that was answered.");
            yield return ("DistAttention-Length", "The positions that were attended to.");
            yield return ("DistAttention-First-Query-Position", "Where q's first row stood.");
        }
    }

    private static JsonObject Content(BodyKind kind, string content)
    {
        if (kind is BodyKind.Json or BodyKind.OptionalJson)
        {
            return new JsonObject { [JsonAnswers.MediaType] = new JsonObject { ["schema"] = Reference(content) } };
        }

        JsonObject formats = [];
        foreach (ITensorFormat format in TensorFormats.All)
        {
            formats[format.MediaType] = new JsonObject { ["schema"] = new JsonObject { ["description"] = content } };
        }

        return formats;
    }

    private static JsonNode Parameter(ApiParameter parameter) => new JsonObject
    {
        ["name"] = parameter.Name,
        ["in"] = parameter.Place.ToString().ToLowerInvariant(),
        ["required"] = parameter.IsRequired,
        ["description"] = parameter.Description,
        ["schema"] = new JsonObject { ["type"] = parameter.Type.ToString().ToLowerInvariant() },
    };

    private static JsonNode IfNoneMatch() => new JsonObject
    {
        ["name"] = "If-None-Match",
        ["in"] = "header",
        ["required"] = false,
        ["description"] = "An ETag that was answered before.",
        ["schema"] = new JsonObject { ["type"] = "string" },
    };

    private static JsonObject Reference(string schema) => new() { ["$ref"] = $"#/components/schemas/{schema}" };
}
