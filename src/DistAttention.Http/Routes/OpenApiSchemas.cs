using System.Text.Json.Nodes;
using DistAttention.Http.Problems;

namespace DistAttention.Http.Routes;

/// <summary>The documents that the API takes and gives, in JSON Schema.</summary>
internal static class OpenApiSchemas
{
    public static JsonObject Make() => new()
    {
        ["SequenceSpec"] = Object(
            ["headDim"],
            ("numHeadsQ", Integer("Query heads. Default 1.")),
            ("numHeadsKv", Integer("Key/value heads, a divisor of numHeadsQ. Default 1.")),
            ("headDim", Integer("Components of one head of q and k.")),
            ("headDimV", Integer("Components of one head of v and o. Default headDim.")),
            ("kvType", Text("How rows are stored. Default float32.", [.. KvTypes.Names])),
            ("shardLength", Integer("Positions per shard, a power of two from 1024 on. Changes no bit of an answer. Default 16384.")),
            ("expectedMask", Text("The mask that most queries will use. Default causal.")),
            ("expectedLength", Nullable(Integer("About how many positions there will be."))),
            ("valueFromKeyPrefix", new JsonObject { ["type"] = "boolean", ["description"] = "Values are the first components of keys, and appends take no v." }),
            ("keyProjection", Nullable(Any("What keys are multiplied by: {\"shape\": [heads, headDim, components], \"values\": […]}; answers have the shape alone."))),
            ("rope", Nullable(Any("Rotation by position: a text as on the command line (standard, linear:factor=4, yarn:factor=16,trained=4096), or {\"inverseFrequencies\": […], \"firstDim\", \"layout\", \"attentionFactor\"}."))),
            ("timeToLiveSeconds", Nullable(new JsonObject { ["type"] = "number", ["description"] = "It is deleted when nobody has used it for so long. Default: never." })),
            ("arithmeticVersion", new JsonObject { ["type"] = "integer", ["readOnly"] = true })),
        ["SequenceInfo"] = Object(
            ["id", "epoch", "length", "shardCount", "residentBytes", "spec"],
            ("id", Text("The name.")),
            ("epoch", Integer("Raised whenever positions are taken away.")),
            ("length", Integer("Committed positions.")),
            ("shardCount", Integer("Shards that hold any.")),
            ("residentBytes", Integer("Bytes of memory that its rows take now.")),
            ("expiresAt", Nullable(Text("When it will be gone if nobody uses it until then, as RFC 3339."))),
            ("spec", Reference("SequenceSpec"))),
        ["SequencePage"] = Object(
            ["sequences", "next"],
            ("sequences", new JsonObject { ["type"] = "array", ["items"] = Reference("SequenceInfo") }),
            ("next", Nullable(Text("What the next page is after; null: this is the last.")))),
        ["Fork"] = Object(["id"], ("id", Text("The new name.")), ("length", Nullable(Integer("Positions to share. Default: all.")))),
        ["Truncation"] = Object(["length"], ("length", Integer("Positions to keep."))),
        ["Snapshot"] = Object(["epoch", "length"], ("epoch", Integer("The epoch.")), ("length", Integer("Committed positions."))),
        ["Appended"] = Object(
            ["firstPosition", "count", "epoch", "length"],
            ("firstPosition", Integer("Position of the first row.")),
            ("count", Integer("Rows appended.")),
            ("epoch", Integer("The epoch.")),
            ("length", Integer("Committed positions, the rows among them."))),
        ["Plan"] = new JsonObject { ["type"] = "object", ["description"] = "As distattn explain --json prints it: owners, shards, blocks visited and skipped, predicted time and bytes per step." },
        ["OpenApi"] = new JsonObject { ["type"] = "object", ["description"] = "An OpenAPI 3.1 document." },
        ["ProblemKind"] = Object(["type", "title", "status"], ("type", Text("Its type.")), ("title", Text("What it means.")), ("status", Integer("Its status."))),
        ["Problem"] = Problem(),
    };

    private static JsonObject Problem()
    {
        JsonObject problem = Object(
            ["type", "title", "status", "detail"],
            ("type", Text("Which kind it is, stable.", [.. ProblemKinds.All.Select(static k => k.Type)])),
            ("title", Text("What the kind means.")),
            ("status", Integer("The status of the answer.")),
            ("detail", Text("What is wrong this time, naming it.")),
            ("retryAfterSeconds", new JsonObject { ["type"] = "number", ["description"] = "When the same request may succeed." }),
            ("appended", Any("Where an append failed after some of its rows: firstPosition and count of those that stay.")));
        problem["additionalProperties"] = true;
        problem["description"] = "RFC 9457. Kinds have facts of their own beside these: sequence, parameter, path, property, tensor, token, head, row, text, position, …";
        return problem;
    }

    private static JsonObject Object(string[] required, params (string Name, JsonObject Schema)[] properties)
    {
        JsonObject all = [];
        foreach ((string name, JsonObject schema) in properties)
        {
            all[name] = schema;
        }

        return new JsonObject { ["type"] = "object", ["properties"] = all, ["required"] = new JsonArray([.. required.Select(static r => JsonValue.Create(r))]), ["additionalProperties"] = false };
    }

    private static JsonObject Integer(string description) => new() { ["type"] = "integer", ["description"] = description };

    private static JsonObject Text(string description, params string[] values)
    {
        JsonObject schema = new() { ["type"] = "string", ["description"] = description };
        if (values.Length > 0)
        {
            schema["enum"] = new JsonArray([.. values.Select(static v => JsonValue.Create(v))]);
        }

        return schema;
    }

    private static JsonObject Any(string description) => new() { ["description"] = description };

    private static JsonObject Nullable(JsonObject schema)
    {
        if (schema["type"] is { } type)
        {
            schema["type"] = new JsonArray(type.DeepClone(), "null");
        }

        return schema;
    }

    private static JsonObject Reference(string schema) => new() { ["$ref"] = $"#/components/schemas/{schema}" };
}
