using System.Diagnostics;
using DistAttention.Chaos.Load;

namespace DistAttention.Chaos.Hosts;

/// <summary>Writes a line for everything that one caller sees.</summary>
internal sealed class LoadLines(TextWriter output, string caller) : ILoadReport
{
    public void Appended(int rows, TimeSpan took) => Write(LoadEventKind.Done, took, "");

    public void Answered(TimeSpan took) => Write(LoadEventKind.Done, took, "");

    public void LostRows(long rows, string what) => Write(LoadEventKind.Violation, default, what);

    public void WrongAnswer(string what) => Write(LoadEventKind.Violation, default, what);

    public void Failed(Exception error)
    {
        bool isTyped = error is DistAttentionException;
        Write(isTyped ? LoadEventKind.Failed : LoadEventKind.Violation, default, isTyped ? error.GetType().Name : $"untyped error: {error}");
    }

    /// <summary>Says something about all of them.</summary>
    public void Say(LoadEventKind kind) => Write(kind, default, "");

    private void Write(LoadEventKind kind, TimeSpan took, string text)
    {
        long now = Stopwatch.GetTimestamp();
        string line = new LoadEvent(kind, caller, now - (long)(took.TotalSeconds * Stopwatch.Frequency), now, text).ToString();
        lock (output)
        {
            output.WriteLine(line);
            output.Flush();
        }
    }
}
