using System.Diagnostics;

namespace DistAttention.Chaos.Hosts;

/// <summary>Programs of the system that are run to their end.</summary>
internal static class Tool
{
    /// <summary>Runs one.</summary>
    /// <returns>What it wrote.</returns>
    /// <exception cref="InvalidOperationException">It failed; the message has what it said.</exception>
    public static async Task<string> RunAsync(string program, params string[] arguments)
    {
        (int code, string output, string error) = await TryAsync(program, arguments).ConfigureAwait(false);
        return code == 0 ? output : throw new InvalidOperationException($"{program} {string.Join(' ', arguments)} ended with {code}: {error.Trim()}");
    }

    /// <summary>Runs one that may fail.</summary>
    public static async Task<(int Code, string Output, string Error)> TryAsync(string program, params string[] arguments)
    {
        using Process process = Process.Start(new ProcessStartInfo(program, arguments) { RedirectStandardOutput = true, RedirectStandardError = true })!;
        Task<string> error = process.StandardError.ReadToEndAsync();
        string output = await process.StandardOutput.ReadToEndAsync().ConfigureAwait(false);
        await process.WaitForExitAsync().ConfigureAwait(false);
        return (process.ExitCode, output, await error.ConfigureAwait(false));
    }
}
