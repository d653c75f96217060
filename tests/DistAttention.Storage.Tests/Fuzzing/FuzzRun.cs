using System.Diagnostics;
using System.Globalization;

namespace DistAttention.Storage.Tests.Fuzzing;

/// <summary>
/// Runs mutations through a reader: what is refused is refused with a typed error, nothing takes long, and nothing allocates more than the
/// input is long and a constant. <c>FUZZ_INPUTS</c> says how many; a failure prints seed and input.
/// </summary>
internal static class FuzzRun
{
    private const int Seed = 20_261;
    private const long Constant = 1 << 20; // a read buffer and the objects that hold a few records
    private const double MostSeconds = 10;

    public static int Inputs { get; } =
        int.TryParse(Environment.GetEnvironmentVariable("FUZZ_INPUTS"), CultureInfo.InvariantCulture, out int inputs) ? inputs : 10_000;

    /// <summary>Runs it.</summary>
    /// <param name="make">Makes an input.</param>
    /// <param name="read">Reads it; its own assertions are about what it accepted.</param>
    public static void Run(Func<Random, byte[]> make, Action<byte[]> read)
    {
        int accepted = 0;
        for (int input = 0; input < Inputs; input++)
        {
            byte[] bytes = make(new Random(Seed + input));
            long start = Stopwatch.GetTimestamp();
            long before = GC.GetAllocatedBytesForCurrentThread();
            try
            {
                read(bytes);
                accepted++;
            }
            catch (Exception e) when (e is StorageException or StorageDamagedException)
            {
                Assert.False(string.IsNullOrEmpty(e.Message));
            }
            catch (Exception e)
            {
                Assert.Fail($"seed {Seed + input}: {Convert.ToHexString(bytes)}: {e}");
            }

            long allocated = GC.GetAllocatedBytesForCurrentThread() - before;
            Assert.True(allocated <= bytes.Length + Constant, $"seed {Seed + input}: {allocated:N0} bytes allocated for an input of {bytes.Length:N0}: {Convert.ToHexString(bytes)}");
            Assert.True(Stopwatch.GetElapsedTime(start).TotalSeconds < MostSeconds, $"seed {Seed + input} took {Stopwatch.GetElapsedTime(start)}");
        }

        Assert.InRange(accepted, 0, Inputs - 1);
    }
}
