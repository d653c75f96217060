using System.Globalization;
using DistAttention.Deploy.Tests.Manifests;
using DistAttention.Deploy.Tests.Yaml;

namespace DistAttention.Deploy.Tests.Checks;

/// <summary>The memory limit is what keys and values, the managed heap and the rest may take together; processors are requested and not limited.</summary>
internal static class Resources
{
    private const long Mebibyte = 1 << 20;
    private const long LeastRest = 256 * Mebibyte;

    public static IEnumerable<string> Problems(ManifestSet set)
    {
        object? resources = set.Container.At("resources");
        string? limit = resources.TextAt("limits/memory");
        if (limit is null || limit != resources.TextAt("requests/memory"))
        {
            yield return $"memory is requested as {resources.TextAt("requests/memory")} and limited to {limit}";
        }

        if (resources.At("limits/cpu") is not null || resources.TextAt("requests/cpu") is null)
        {
            yield return "processors are to be requested, and not limited";
        }

        long rows = Number(set.Option("Attention:MemoryBudgetBytes"));
        long heap = Hexadecimal(set.Environment().GetValueOrDefault("DOTNET_GCHeapHardLimit"));
        long rest = Bytes(limit) - rows - heap;
        if (rows <= 0 || heap <= 0 || rest < LeastRest)
        {
            yield return $"of {Bytes(limit)} bytes {rows} are for keys and values and {heap} for the managed heap; {rest} are left";
        }

        // Calls that are coordinated and calls that are worked on are limited each.
        if (Number(set.Option("Attention:MaxCallBytes")) is var calls && (calls <= 0 || 2 * calls > heap / 2))
        {
            yield return $"calls may take 2 × {calls} of {heap} bytes of managed heap";
        }

        long threads = Number(set.Option("Attention:ComputeThreads"));
        if (threads < 1 || threads > Math.Max(1, Number(resources.TextAt("requests/cpu")) - 1))
        {
            yield return $"{threads} threads compute on {resources.TextAt("requests/cpu")} processors";
        }
    }

    private static long Number(string? text) => long.TryParse(text, CultureInfo.InvariantCulture, out long number) ? number : 0;

    // As the runtime reads it: always hexadecimal, with or without 0x.
    private static long Hexadecimal(string? text) =>
        long.TryParse(text?.Replace("0x", "", StringComparison.Ordinal), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out long number) ? number : 0;

    private static long Bytes(string? quantity) => quantity?.EndsWith("Mi", StringComparison.Ordinal) == true ? Number(quantity[..^2]) * Mebibyte : 0;
}
