using System.Diagnostics;

namespace DistAttention.Testing.Python;

/// <summary>Finds a Python with numpy: the one of DISTATTN_PYTHON, or the first of the usual names on the path.</summary>
public static class Interpreter
{
    private const string Probe = "import sys, numpy; sys.exit(sys.version_info < (3, 9))";

    /// <summary>Where it is; null: there is none.</summary>
    public static string? Path { get; } = Find();

    /// <summary>Why tests that need it are skipped; null: they are not.</summary>
    public static string? WhyNot => Path is null ? "no Python 3.9 or later with numpy was found (DISTATTN_PYTHON names one)" : null;

    private static string? Find()
    {
        string[] folders = (Environment.GetEnvironmentVariable("PATH") ?? "").Split(System.IO.Path.PathSeparator, StringSplitOptions.RemoveEmptyEntries);
        IEnumerable<string> found = folders.SelectMany(static folder => new[] { "python3", "python" }.Select(name => System.IO.Path.Combine(folder, name))).Where(File.Exists);
        IEnumerable<string> all = Environment.GetEnvironmentVariable("DISTATTN_PYTHON") is { Length: > 0 } given ? [given] : found;
        return all.FirstOrDefault(Works);
    }

    private static bool Works(string program)
    {
        try
        {
            using Process process = Process.Start(new ProcessStartInfo(program, ["-c", Probe]) { RedirectStandardError = true, RedirectStandardOutput = true })!;
            process.StandardError.ReadToEnd();
            return process.WaitForExit(20_000) && process.ExitCode == 0;
        }
        catch (System.ComponentModel.Win32Exception)
        {
            return false;
        }
    }
}
