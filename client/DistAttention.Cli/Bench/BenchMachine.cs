using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;
using System.Text.Json.Nodes;

namespace DistAttention.Cli.Bench;

/// <summary>The machine that a benchmark ran on.</summary>
internal static class BenchMachine
{
    /// <summary>Processor, cores, vector width, memory, system and runtime.</summary>
    public static JsonObject Describe() => new()
    {
        ["processor"] = Processor(),
        ["cores"] = Environment.ProcessorCount,
        ["vectorBits"] = Vector512.IsHardwareAccelerated ? 512 : Vector256.IsHardwareAccelerated ? 256 : 128,
        ["memoryBytes"] = GC.GetGCMemoryInfo().TotalAvailableMemoryBytes,
        ["system"] = RuntimeInformation.OSDescription,
        ["runtime"] = RuntimeInformation.FrameworkDescription,
    };

    private static string Processor()
    {
        const string ProcessorFile = "/proc/cpuinfo";
        string? model = File.Exists(ProcessorFile)
            ? File.ReadLines(ProcessorFile).FirstOrDefault(static line => line.StartsWith("model name", StringComparison.Ordinal))
            : null;
        return model?[(model.IndexOf(':') + 1)..].Trim() ?? RuntimeInformation.ProcessArchitecture.ToString();
    }
}
