using DistAttention.Simulator.Running;

namespace DistAttention.Simulator.Tests;

/// <summary>A short slice of what <c>./build.sh simulate</c> does.</summary>
public sealed class SimulationTests
{
    [Fact]
    public async Task NoSeedFailsAndFaultsOfEveryKindStrike()
    {
        Outcome outcome = await WorkerProcess.RunAllAsync(new Options { First = 1, Seeds = 1000, Workers = 2 });
        Assert.True(outcome.Failures.Count == 0, string.Join(Environment.NewLine, outcome.Failures.Select(static f => $"seed {f.Seed}: {f.Cause}")));
        Assert.Equal(1000UL, outcome.Seeds);
        foreach (string name in (string[])
            [
                "appended", "attended", "truncated", "forked", "deleted", "moved shards", "fault: kill", "fault: power loss", "fault: partition", "fault: pause", "fault: disk error", "fault: disk full",
                "fault: message lost", "fault: message repeated", "fault: message cut off", "fault: second activation",
            ])
        {
            Assert.True(outcome[name] > 50, $"'{name}' happened {outcome[name]} times.");
        }
    }

    [Fact]
    public async Task ASeedDoesTheSameTwice()
    {
        Options seeds = new() { First = 70_001, Seeds = 100 };
        Outcome twice = await WorkerProcess.RunAsync(seeds with { Twice = true });
        Assert.Empty(twice.Failures);
        Outcome elsewhere = await WorkerProcess.RunAsync(seeds);
        Assert.Equal(twice.Hash, elsewhere.Hash);
    }

    [Fact]
    public async Task AFailingSeedIsNamedWithItsCauseAndReplays()
    {
        Outcome search = await WorkerProcess.RunAsync(new Options { Seeds = 200, Bug = "rows-not-logged", MostFailures = 1 });
        (ulong seed, string cause) = Assert.Single(search.Failures);
        Outcome replay = await WorkerProcess.RunAsync(new Options { First = seed, Seeds = 1, Bug = "rows-not-logged", Trace = true });
        Assert.Equal([(seed, cause)], replay.Failures);
        Assert.Contains(replay.Trace, line => line.Contains("VIOLATION", StringComparison.Ordinal));
    }

    [Fact]
    public async Task PlantedBugsAreCaught()
    {
        StringWriter output = new();
        int status = await PlantedSearch.RunAsync(new Options { Seeds = 2000, Workers = 2 }, output);
        Assert.True(status == 0, output.ToString());
    }
}
