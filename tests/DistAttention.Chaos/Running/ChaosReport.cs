using System.Collections.Concurrent;
using DistAttention.Chaos.Load;

namespace DistAttention.Chaos.Running;

/// <summary>What happened, counted.</summary>
public sealed class ChaosReport : ILoadReport
{
    private const int MostSaid = 20;

    private readonly ConcurrentDictionary<string, int> _errors = new();
    private readonly ConcurrentQueue<string> _violations = new();
    private readonly ConcurrentQueue<string> _said = new();
    private long _rows;
    private long _appends;
    private long _answers;
    private long _lost;
    private long _wrong;
    private long _untyped;
    private long _slowestAppendMs;
    private long _slowestAnswerMs;

    /// <summary>Silos killed one at a time.</summary>
    public int Kills { get; set; }

    /// <summary>Times that all were killed at once.</summary>
    public int KillsOfAll { get; set; }

    /// <summary>Times that a silo was stopped and went on later.</summary>
    public int Stops { get; set; }

    /// <summary>Times that a silo was asked to end.</summary>
    public int Restarts { get; set; }

    /// <summary>Silos that ended by themselves: they found out that the others had given them up.</summary>
    public int EndedThemselves { get; set; }

    /// <summary>Acknowledged rows.</summary>
    public long Rows => Interlocked.Read(ref _rows);

    /// <summary>Answers that were compared.</summary>
    public long Answers => Interlocked.Read(ref _answers);

    /// <summary>Acknowledged rows that are gone.</summary>
    public long Lost => Interlocked.Read(ref _lost);

    /// <summary>Answers with other bits than one process gives.</summary>
    public long Wrong => Interlocked.Read(ref _wrong);

    /// <summary>Errors that are not of this library.</summary>
    public long Untyped => Interlocked.Read(ref _untyped);

    /// <summary>Calls that failed.</summary>
    public int Failures => _errors.Values.Sum();

    /// <summary>Whether all that may not happen did not.</summary>
    public bool IsClean => Lost == 0 && Wrong == 0 && Untyped == 0 && _violations.IsEmpty && Rows > 0 && Answers > 0;

    /// <summary>What went wrong, in words.</summary>
    public IReadOnlyCollection<string> Violations => _violations;

    /// <summary>What the first failed calls said.</summary>
    public IReadOnlyCollection<string> Said => _said;

    void ILoadReport.Appended(int rows, TimeSpan took)
    {
        Interlocked.Add(ref _rows, rows);
        Interlocked.Increment(ref _appends);
        Raise(ref _slowestAppendMs, took);
    }

    void ILoadReport.Answered(TimeSpan took)
    {
        Interlocked.Increment(ref _answers);
        Raise(ref _slowestAnswerMs, took);
    }

    void ILoadReport.LostRows(long rows, string what)
    {
        Interlocked.Add(ref _lost, rows);
        Violate(what);
    }

    void ILoadReport.WrongAnswer(string what)
    {
        Interlocked.Increment(ref _wrong);
        Violate(what);
    }

    void ILoadReport.Failed(Exception error)
    {
        _errors.AddOrUpdate(error.GetType().Name, 1, static (_, count) => count + 1);
        if (_said.Count < MostSaid)
        {
            _said.Enqueue($"{DateTime.UtcNow:HH:mm:ss.fff} {error.GetType().Name}: {error.Message}{(error.InnerException is { } inner ? $" ({inner.GetType().Name}: {inner.Message})" : "")}");
        }

        if (error is not DistAttentionException)
        {
            Interlocked.Increment(ref _untyped);
            Violate($"untyped error: {error.GetType().Name}: {error.Message}");
        }
    }

    internal void Violate(string what)
    {
        if (_violations.Count < 20)
        {
            _violations.Enqueue(what);
        }
    }

    /// <summary>Prints it.</summary>
    /// <param name="output">Where.</param>
    public void Print(TextWriter output)
    {
        ArgumentNullException.ThrowIfNull(output);
        output.WriteLine($"faults     {Kills} kill −9, {KillsOfAll} of all at once, {Stops} stops, {Restarts} orderly restarts, {EndedThemselves} silos gave themselves up");
        output.WriteLine($"appended   {Rows:N0} rows acknowledged in {Interlocked.Read(ref _appends):N0} appends, the slowest after {Interlocked.Read(ref _slowestAppendMs) / 1000.0:N1} s");
        output.WriteLine($"answered   {Answers:N0} queries compared with one process, the slowest after {Interlocked.Read(ref _slowestAnswerMs) / 1000.0:N1} s");
        output.WriteLine($"errors     {_errors.Values.Sum():N0} typed, then tried again{(_errors.IsEmpty ? "" : ": " + string.Join(", ", _errors.OrderBy(static e => e.Key).Select(static e => $"{e.Value} {e.Key}")))}");
        foreach (string said in _said)
        {
            output.WriteLine($"           {said}");
        }

        output.WriteLine($"lost = {Lost}, wrong = {Wrong}, untyped = {Untyped}");
        foreach (string violation in _violations)
        {
            output.WriteLine($"  {violation}");
        }
    }

    private static void Raise(ref long most, TimeSpan took)
    {
        long now = (long)took.TotalMilliseconds;
        for (long seen = Interlocked.Read(ref most); now > seen; seen = Interlocked.Read(ref most))
        {
            Interlocked.CompareExchange(ref most, now, seen);
        }
    }
}
