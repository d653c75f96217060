using System.Text.Json;
using System.Text.Json.Serialization;

namespace DistAttention.Silo.Admin.Dashboard;

/// <summary>How the dashboard's data is written.</summary>
internal static class DashboardJson
{
    public static JsonSerializerOptions Options { get; } = new(JsonSerializerDefaults.Web)
    {
        Converters = { new JsonStringEnumConverter(JsonNamingPolicy.CamelCase) },
        NumberHandling = JsonNumberHandling.AllowNamedFloatingPointLiterals,
    };
}
