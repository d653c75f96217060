using System.Diagnostics;

namespace DistAttention.Deploy.Tests.Manifests;

/// <summary>Programs of others that some tests need.</summary>
internal static class Programs
{
    /// <summary>Where it is; null if it is not on the PATH.</summary>
    public static string? Find(string name) => (Environment.GetEnvironmentVariable("PATH") ?? "")
        .Split(Path.PathSeparator, StringSplitOptions.RemoveEmptyEntries)
        .Select(folder => Path.Combine(folder, name))
        .FirstOrDefault(File.Exists);

    /// <summary>Runs one and returns what it printed.</summary>
    /// <exception cref="InvalidOperationException">It failed; the message is what it said.</exception>
    public static string Run(string program, params string[] arguments)
    {
        ProcessStartInfo start = new(program, arguments) { RedirectStandardOutput = true, RedirectStandardError = true, UseShellExecute = false, WorkingDirectory = Repository.Root };
        using Process process = Process.Start(start)!;
        Task<string> error = process.StandardError.ReadToEndAsync();
        string output = process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        return process.ExitCode == 0 ? output : throw new InvalidOperationException($"{Path.GetFileName(program)} {string.Join(' ', arguments)} ended with {process.ExitCode}: {error.Result.Trim()} {output.Trim()}");
    }
}

/// <summary>Runs with kustomize, which <c>kubectl</c> has in it.</summary>
public sealed class KubectlTheoryAttribute : TheoryAttribute
{
    public KubectlTheoryAttribute() => Skip = Programs.Find("kubectl") is null ? "there is no kubectl on the PATH, which renders the overlays" : null;
}

/// <summary>Runs with Helm.</summary>
public sealed class HelmTheoryAttribute : TheoryAttribute
{
    public HelmTheoryAttribute() => Skip = Programs.Find("helm") is null ? "there is no helm on the PATH; the tests' own renderer stands in for it elsewhere" : null;
}
