using System.Runtime.CompilerServices;
using DistAttention.Testing;

namespace DistAttention.Simulator.Worlds;

/// <summary>Chance, time and what happened: everything that a seed decides goes through here.</summary>
internal sealed class World
{
    private readonly SeededData _chance;
    private readonly List<string>? _trace;
    private ulong _hash = 14695981039346656037;
    private ulong _ids;
    private ulong? _final;

    public World(ulong seed, bool tracing)
    {
        Seed = seed;
        _chance = new SeededData(seed * 0x9E3779B97F4A7C15);
        _trace = tracing ? [] : null;
        Time = new SimulatedTime(Events);
    }

    public ulong Seed { get; }

    public EventQueue Events { get; } = new();

    public SimulatedTime Time { get; }

    public Counters Counters { get; } = new();

    /// <summary>Virtual time in ticks.</summary>
    public long Now => Events.Now;

    /// <summary>The first thing that went wrong; the world ends with it.</summary>
    public string? Violation { get; private set; }

    /// <summary>What happened, one line each; empty unless the world is traced.</summary>
    public IReadOnlyList<string> Trace => _trace ?? [];

    /// <summary>A number that tells whether two runs did the same. Asked for once all is over: it draws from chance.</summary>
    public ulong Hash => _final ??= _hash ^ _chance.NextBits() ^ ((ulong)Events.Now << 20) ^ (ulong)Events.Happened;

    public void Fail(string what)
    {
        Violation ??= what;
        Note($"VIOLATION {what}");
    }

    /// <summary>Uniform in [0, end).</summary>
    public int Below(int end) => _chance.NextInt(end);

    /// <summary>Uniform in [from, to].</summary>
    public int Between(int from, int to) => from + _chance.NextInt(to - from + 1);

    public bool Happens(double probability) => probability > 0 && _chance.NextUniform() < probability;

    public T Pick<T>(IReadOnlyList<T> choices) => choices[_chance.NextInt(choices.Count)];

    /// <summary>Ticks between two numbers of milliseconds; small ones are likelier.</summary>
    public long Ticks(double fromMs, double toMs)
    {
        double x = _chance.NextUniform();
        return (long)((fromMs + ((toMs - fromMs) * x * x)) * TimeSpan.TicksPerMillisecond);
    }

    /// <summary>Float rows in [-1, 1) that follow from two numbers.</summary>
    public static float[] Rows(ulong of, int count)
    {
        float[] rows = new float[count];
        ulong state = (of + 1) * 0xD1342543DE82EF95;
        for (int i = 0; i < count; i++)
        {
            state = (state * 6364136223846793005) + 1442695040888963407;
            rows[i] = (int)(state >> 40) * (1f / (1 << 23)) - 1f;
        }

        return rows;
    }

    /// <summary>An identifier like no other of this world; later ones are larger.</summary>
    public Guid NewId()
    {
        ulong number = ++_ids;
        return new Guid((uint)(number >> 16), (ushort)number, 0x7000, 0x80, 0, 0, 0, (byte)(Seed >> 24), (byte)(Seed >> 16), (byte)(Seed >> 8), (byte)Seed);
    }

    public Task DelayAsync(long ticks)
    {
        TaskCompletionSource done = new();
        Events.After(ticks, done.SetResult);
        return done.Task;
    }

    /// <summary>Takes note of what happens. Costs nothing but a hash unless the world is traced.</summary>
    public void Note([InterpolatedStringHandlerArgument("")] NoteHandler line)
    {
        _hash = (_hash ^ (ulong)Events.Now) * 1099511628211;
        if (_trace is not null)
        {
            _trace.Add($"{Events.Now / (double)TimeSpan.TicksPerMillisecond,10:f3} ms  {line.Text}");
        }
    }

    /// <summary>Formats only where somebody reads.</summary>
    [InterpolatedStringHandler]
    public ref struct NoteHandler
    {
        private DefaultInterpolatedStringHandler _inner;

        public NoteHandler(int literalLength, int formattedCount, World world, out bool reads)
        {
            reads = world._trace is not null;
            _inner = reads ? new DefaultInterpolatedStringHandler(literalLength, formattedCount) : default;
        }

        public string Text => _inner.ToStringAndClear();

        public void AppendLiteral(string text) => _inner.AppendLiteral(text);

        public void AppendFormatted<T>(T value) => _inner.AppendFormatted(value);

        public void AppendFormatted<T>(T value, string format) => _inner.AppendFormatted(value, format);
    }

    /// <summary>Runs something that nobody waits for. What is not an error that the engine promises ends the world.</summary>
    public void Run(Func<Task> work)
    {
        _ = RunAsync();

        async Task RunAsync()
        {
            try
            {
                await work().ConfigureAwait(false);
            }
            catch (ViolationException e)
            {
                Fail(e.Message);
            }
            catch (Exception e)
            {
                Fail($"a {e.GetType().Name} that nobody expects: {e.Message}{Environment.NewLine}{e.StackTrace}");
            }
        }
    }
}
