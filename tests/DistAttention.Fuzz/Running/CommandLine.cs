using System.Diagnostics;

namespace DistAttention.Fuzz.Running;

/// <summary>
/// The program. The inputs are read in a process of their own, so that one that ends the process (a stack that overflows, say) is named like
/// any other.
/// </summary>
internal static class CommandLine
{
    private const int Ok = 0;
    private const int Failed = 1;
    private const int Usage = 2;

    public static int Run(string[] arguments)
    {
        if (arguments is ["-h" or "--help" or "help"])
        {
            Console.WriteLine(FuzzOptions.Help);
            return Ok;
        }

        FuzzOptions options;
        try
        {
            options = FuzzOptions.Parse(arguments);
        }
        catch (FormatException e)
        {
            Console.Error.WriteLine($"fuzz: {e.Message}");
            Console.Error.WriteLine(FuzzOptions.Help);
            return Usage;
        }

        if (options.List)
        {
            Console.WriteLine(string.Join(Environment.NewLine, FuzzTargets.All.Keys));
            return Ok;
        }

        return options.WorkerNotes is { } notes ? Work(options, notes) : Watch(options, arguments);
    }

    private static int Work(FuzzOptions options, string path)
    {
        using InputNotes notes = InputNotes.Open(path);
        int status = Ok;
        for (int i = 0; i < options.Targets.Count; i++)
        {
            string name = options.Targets[i];
            notes.Begin(i);
            FuzzResult result = new FuzzRun(name, FuzzTargets.All[name], options, notes).Run();
            Console.WriteLine(result.Line);
            foreach (FuzzFailure failure in result.Failures)
            {
                Report(failure, options);
                status = Failed;
            }
        }

        return status;
    }

    private static int Watch(FuzzOptions options, string[] arguments)
    {
        string path = Path.GetTempFileName();
        try
        {
            ProcessStartInfo start = new(Environment.ProcessPath!);
            if (Path.GetFileNameWithoutExtension(Environment.ProcessPath!) == "dotnet")
            {
                start.ArgumentList.Add("exec");
                start.ArgumentList.Add(typeof(CommandLine).Assembly.Location);
            }

            foreach (string argument in (string[])[.. arguments, "--notes", path])
            {
                start.ArgumentList.Add(argument);
            }

            using Process worker = Process.Start(start)!;
            worker.WaitForExit();
            if (worker.ExitCode is not (Ok or Failed))
            {
                NameSuspects(options, path, worker.ExitCode);
                return Failed;
            }

            return worker.ExitCode;
        }
        finally
        {
            File.Delete(path);
        }
    }

    private static void NameSuspects(FuzzOptions options, string path, int exitCode)
    {
        using InputNotes notes = InputNotes.Open(path);
        (int at, IReadOnlyList<long> numbers) = notes.Read();
        string name = options.Targets[at];
        using FuzzTarget target = FuzzTargets.All[name]();
        foreach (long number in numbers)
        {
            Report(new FuzzFailure(name, options.Seed, number, FuzzRun.Input(target, options.Seed, number), $"the process ended with {exitCode} while {numbers.Count} inputs were read, of which this is one"), options);
        }
    }

    private static void Report(FuzzFailure failure, FuzzOptions options)
    {
        Console.WriteLine(failure);
        Console.WriteLine($"  input: {failure.Write(options.OutFolder)}");
    }
}
