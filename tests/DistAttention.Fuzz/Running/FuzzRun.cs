using System.Diagnostics;

namespace DistAttention.Fuzz.Running;

/// <summary>
/// Tries one target with many inputs on several threads, and looks from outside whether any input takes too long: then its thread cannot be
/// ended, and the run is over.
/// </summary>
internal sealed class FuzzRun
{
    private const int MostFailures = 10;

    private readonly string _name;
    private readonly Func<FuzzTarget> _make;
    private readonly FuzzOptions _options;
    private readonly IInputNotes? _notes;
    private readonly Lock _lock = new();
    private readonly List<FuzzFailure> _failures = [];
    private readonly long[] _started; // per thread: timestamp at which its input began; 0 between inputs
    private readonly long[] _number;
    private long _next;
    private long _accepted;
    private long _refused;
    private long _mostAllocated;

    public FuzzRun(string name, Func<FuzzTarget> make, FuzzOptions options, IInputNotes? notes = null)
    {
        _name = name;
        _make = make;
        _options = options;
        _notes = notes;
        int threads = (int)Math.Min(options.Threads, options.Inputs);
        _started = new long[threads];
        _number = new long[threads];
    }

    /// <summary>The input of a number, the same wherever it is made.</summary>
    public static byte[] Input(FuzzTarget target, int seed, long number) => target.Make(new Random(HashOf(seed, number)));

    /// <summary>Runs it.</summary>
    public FuzzResult Run()
    {
        long start = Stopwatch.GetTimestamp();
        Thread[] threads = [.. Enumerable.Range(0, _started.Length).Select(i => new Thread(() => Work(i), 1 << 20) { IsBackground = true, Name = $"fuzz-{_name}-{i}" })];
        foreach (Thread thread in threads)
        {
            thread.Start();
        }

        bool hangs = false;
        while (!hangs && !threads.All(static t => t.Join(50)))
        {
            hangs = LookForHangs();
        }

        lock (_lock)
        {
            return new FuzzResult(_name, Interlocked.Read(ref _accepted), Interlocked.Read(ref _refused), Interlocked.Read(ref _mostAllocated), Stopwatch.GetElapsedTime(start), [.. _failures]);
        }
    }

    private static int HashOf(int seed, long number)
    {
        // SplitMix64 (Steele, Lea, Flood, 2014): neighbouring numbers get unrelated seeds.
        ulong z = ((ulong)(uint)seed << 40) + (ulong)number + 0x9E3779B97F4A7C15;
        z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9;
        z = (z ^ (z >> 27)) * 0x94D049BB133111EB;
        return (int)(z ^ (z >> 31));
    }

    private bool LookForHangs()
    {
        for (int i = 0; i < _started.Length; i++)
        {
            long number = Interlocked.Read(ref _number[i]);
            long started = Interlocked.Read(ref _started[i]);
            if (started != 0 && Stopwatch.GetElapsedTime(started) > _options.TimeLimit && number == Interlocked.Read(ref _number[i]))
            {
                using FuzzTarget again = _make();
                Add(number, Input(again, _options.Seed, number), $"takes longer than {_options.TimeLimit.TotalSeconds:F0} s");
                return true;
            }
        }

        return false;
    }

    private void Work(int thread)
    {
        using FuzzTarget target = _make();
        Warm(target);
        for (long i = Interlocked.Increment(ref _next) - 1; i < _options.Inputs; i = Interlocked.Increment(ref _next) - 1)
        {
            lock (_lock)
            {
                if (_failures.Count >= MostFailures)
                {
                    return;
                }
            }

            long number = _options.First + i;
            _notes?.At(thread, number);
            byte[] input = _options.InputFile is { } file ? File.ReadAllBytes(file) : Input(target, _options.Seed, number);
            Interlocked.Exchange(ref _number[thread], number);
            Try(target, thread, number, input);
        }
    }

    /// <summary>What is made once, when the first input is read, is no input's cost.</summary>
    private void Warm(FuzzTarget target)
    {
        for (int i = 0; i < 50; i++)
        {
            try
            {
                byte[] input = Input(target, 0, i);
                target.Place(input);
                target.Read(input);
            }
            catch (Exception e) when (e is not OutOfMemoryException)
            {
                // Said of the input itself, where it is one of the run.
            }
        }
    }

    private void Try(FuzzTarget target, int thread, long number, byte[] input)
    {
        try
        {
            target.Place(input);
            Interlocked.Exchange(ref _started[thread], Stopwatch.GetTimestamp());
            long before = GC.GetAllocatedBytesForCurrentThread();
            bool accepted = Reads(target, input);
            long allocated = GC.GetAllocatedBytesForCurrentThread() - before;
            Interlocked.Increment(ref accepted ? ref _accepted : ref _refused);
            if (target.MostAllocated(input) is { } most)
            {
                InterlockedMax(ref _mostAllocated, allocated);
                if (allocated > most)
                {
                    Add(number, input, $"allocates {allocated:N0} bytes");
                }
            }
        }
        catch (Exception e)
        {
            Add(number, input, e is FuzzFailureException ? e.Message : e.ToString());
        }
        finally
        {
            Interlocked.Exchange(ref _started[thread], 0);
        }
    }

    private static bool Reads(FuzzTarget target, byte[] input)
    {
        try
        {
            target.Read(input);
            return true;
        }
        catch (Exception e) when (e is not FuzzFailureException && target.IsRefusal(e))
        {
            return string.IsNullOrEmpty(e.Message) ? throw new FuzzFailureException($"{e.GetType().Name} says nothing") : false;
        }
    }

    private void Add(long number, byte[] input, string cause)
    {
        lock (_lock)
        {
            _failures.Add(new FuzzFailure(_name, _options.Seed, number, input, cause));
        }
    }

    private static void InterlockedMax(ref long most, long value)
    {
        for (long seen = Interlocked.Read(ref most); value > seen;)
        {
            long now = Interlocked.CompareExchange(ref most, value, seen);
            if (now == seen)
            {
                return;
            }

            seen = now;
        }
    }
}
