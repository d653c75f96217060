using System.Diagnostics;

namespace DistAttention.Simulator.Running;

/// <summary>Runs seeds in other processes, which see one processor each.</summary>
public static class WorkerProcess
{
    /// <summary>Runs seeds in one process.</summary>
    /// <param name="options">Which.</param>
    /// <param name="onFailure">Told of each failing seed at once.</param>
    /// <exception cref="InvalidOperationException">The process ended before its seeds did.</exception>
    public static async Task<Outcome> RunAsync(Options options, Action<ulong, string>? onFailure = null)
    {
        string program = typeof(WorkerProcess).Assembly.Location;
        string host = Path.GetFileNameWithoutExtension(Environment.ProcessPath) == "dotnet" ? Environment.ProcessPath! : "dotnet";
        ProcessStartInfo start = new(host, ["exec", program, .. options.ToWorker()]) { RedirectStandardOutput = true, RedirectStandardError = true };
        start.Environment["DOTNET_PROCESSOR_COUNT"] = "1";
        start.Environment["DOTNET_gcConcurrent"] = "0";
        using Process process = Process.Start(start)!;
        Task<string> errors = process.StandardError.ReadToEndAsync();
        Outcome outcome = new();
        while (await process.StandardOutput.ReadLineAsync().ConfigureAwait(false) is { } line)
        {
            int failures = outcome.Failures.Count;
            outcome.Read(line);
            if (outcome.Failures.Count > failures)
            {
                onFailure?.Invoke(outcome.Failures[^1].Seed, outcome.Failures[^1].Cause);
            }
        }

        await process.WaitForExitAsync().ConfigureAwait(false);
        return outcome.Ended == 1
            ? outcome
            : throw new InvalidOperationException($"A worker ended with {process.ExitCode} before its seeds did: {await errors.ConfigureAwait(false)}");
    }

    /// <summary>Shares seeds out among processes.</summary>
    /// <param name="options">Which, and how many processes.</param>
    /// <param name="onFailure">Told of each failing seed at once.</param>
    public static async Task<Outcome> RunAllAsync(Options options, Action<ulong, string>? onFailure = null)
    {
        ulong workers = Math.Min((ulong)options.Workers, options.Seeds);
        Outcome all = new();
        IEnumerable<Task<Outcome>> running = Enumerable.Range(0, (int)workers).Select(i => RunAsync(
            options with { First = options.First + (ulong)i, Step = workers, Seeds = (options.Seeds - (ulong)i + workers - 1) / workers },
            onFailure));
        foreach (Outcome outcome in await Task.WhenAll(running).ConfigureAwait(false))
        {
            all.Add(outcome);
        }

        return all;
    }
}
