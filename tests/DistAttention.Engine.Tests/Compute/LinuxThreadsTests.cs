using System.Globalization;
using System.Runtime.InteropServices;
using DistAttention.Engine.Compute;
using DistAttention.Kernels;

namespace DistAttention.Engine.Tests.Compute;

public sealed partial class LinuxThreadsTests
{
    private const int BatchPolicy = 3;

    [Fact]
    public async Task ThreadsThatComputeLeaveTheProcessorToThoseThatWakeUp()
    {
        if (!OperatingSystem.IsLinux() || !IsAllowed())
        {
            return; // no such hint, or the system's rules forbid it
        }

        using ComputePool pool = new(threads: 1, maxQueuedJobs: 1);
        PolicyJob job = new();
        await pool.RunAsync(job);

        Assert.Equal(BatchPolicy, job.Policy);
    }

    /// <summary>Whether this system takes the hint from anybody: tried on a thread that is used for nothing else.</summary>
    private static bool IsAllowed()
    {
        bool allowed = false;
        Thread thread = new(() =>
        {
            int priority = 0;
            allowed = SetScheduler(0, BatchPolicy, ref priority) == 0;
        });
        thread.Start();
        thread.Join();
        return allowed;
    }

    [LibraryImport("libc", EntryPoint = "sched_setscheduler")]
    private static partial int SetScheduler(int thread, int policy, ref int priority);

    private sealed class PolicyJob() : ComputeJob(1, isShort: true, CancellationToken.None)
    {
        public int Policy { get; private set; } = -1;

        // "id (name) state …": the policy is the 41st field, the name may have spaces in it.
        protected override void Run(int item, KernelScratch scratch)
        {
            string stat = File.ReadAllText("/proc/thread-self/stat");
            Policy = int.Parse(stat[(stat.LastIndexOf(')') + 2)..].Split(' ')[41 - 3], CultureInfo.InvariantCulture);
        }
    }
}
