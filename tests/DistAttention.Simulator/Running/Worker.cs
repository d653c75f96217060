using System.Diagnostics;
using System.Globalization;
using DistAttention.Engine.Compute;
using DistAttention.Simulator.Checking;
using DistAttention.Simulator.Planting;
using DistAttention.Simulator.Worlds;

namespace DistAttention.Simulator.Running;

/// <summary>Runs seeds, one after the other, in a process of its own that does everything in one order. Tells on its standard output.</summary>
/// <remarks>One line each: <c>fail SEED CAUSE</c>, <c>count NUMBER NAME</c>, <c>trace LINE</c>; <c>hash NUMBER</c> and <c>done SEEDS MILLISECONDS</c> at the end.</remarks>
internal static class Worker
{
    public static int Run(Options options, TextWriter output)
    {
        Driver.RequireOneThread();
        using ComputePool pool = ComputePool.Inline();
        using Expected expected = new();
        Counters counters = new();
        int failures = 0;
        ulong ran = 0;
        ulong hash = 0;
        for (ulong seed = options.First; ran < options.Seeds && failures < options.MostFailures; seed += options.Step)
        {
            World world;
            try
            {
                world = Simulation.Run(seed, pool, expected, Bugs.Find(options.Bug), options.Trace);
                if (options.Twice && Simulation.Run(seed, pool, expected, Bugs.Find(options.Bug), tracing: false).Hash is var again && again != world.Hash)
                {
                    world.Fail("a second run does something else");
                }
            }
            catch (TimeoutException e)
            {
                // The process has no thread left to run anything with.
                output.WriteLine(string.Create(CultureInfo.InvariantCulture, $"fail {seed} {e.Message}"));
                output.WriteLine(string.Create(CultureInfo.InvariantCulture, $"done {ran + 1} 0"));
                output.Flush();
                Environment.Exit(1);
                return 1;
            }

            ran++;
            hash = (hash * 31) + world.Hash;
            counters.Add(world.Counters);
            counters.Add("events", world.Events.Happened);
            foreach (string line in world.Trace)
            {
                output.WriteLine($"trace {line}");
            }

            if (world.Violation is { } violation)
            {
                failures++;
                output.WriteLine(string.Create(CultureInfo.InvariantCulture, $"fail {seed} {violation.ReplaceLineEndings(" | ")}"));
                output.Flush();
            }
        }

        foreach ((string name, long count) in counters.All)
        {
            output.WriteLine(string.Create(CultureInfo.InvariantCulture, $"count {count} {name}"));
        }

        output.WriteLine(string.Create(CultureInfo.InvariantCulture, $"hash {hash}"));
        output.WriteLine(string.Create(CultureInfo.InvariantCulture, $"done {ran} {Process.GetCurrentProcess().TotalProcessorTime.TotalMilliseconds:f0}"));
        output.Flush();
        return failures == 0 ? 0 : 1;
    }
}
