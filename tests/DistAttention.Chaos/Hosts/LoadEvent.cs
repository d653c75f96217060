using System.Diagnostics;
using System.Globalization;

namespace DistAttention.Chaos.Hosts;

/// <summary>What a caller saw, as one line from the process of the callers to the one that makes the faults; both read the machine's one clock.</summary>
/// <param name="Kind">What happened.</param>
/// <param name="Caller">Who saw it: one that asks, or one that appends.</param>
/// <param name="Began">When the call began, in ticks of <see cref="Stopwatch"/>.</param>
/// <param name="Ended">When it ended.</param>
/// <param name="Text">An error's type, or what is wrong.</param>
internal sealed record LoadEvent(LoadEventKind Kind, string Caller, long Began, long Ended, string Text)
{
    public TimeSpan Took => Stopwatch.GetElapsedTime(Began, Ended);

    /// <summary>Reads a line; null if it is none of ours.</summary>
    public static LoadEvent? TryParse(string line) =>
        line.Split('\t') is [var kind, var caller, var began, var ended, var text]
        && Enum.TryParse(kind, out LoadEventKind what)
        && long.TryParse(began, CultureInfo.InvariantCulture, out long from)
        && long.TryParse(ended, CultureInfo.InvariantCulture, out long to)
            ? new LoadEvent(what, caller, from, to, text)
            : null;

    public override string ToString() =>
        string.Create(CultureInfo.InvariantCulture, $"{Kind}\t{Caller}\t{Began}\t{Ended}\t{string.Join(' ', Text.Split(['\t', '\r', '\n']))}");
}

/// <summary>Kinds of <see cref="LoadEvent"/>.</summary>
internal enum LoadEventKind
{
    /// <summary>The callers have begun.</summary>
    Ready,

    /// <summary>A call was done.</summary>
    Done,

    /// <summary>An attempt failed with a typed error; it is made again.</summary>
    Failed,

    /// <summary>Something that may not be: another bit, a lost row, an error that is not of this library.</summary>
    Violation,

    /// <summary>Everything at rest was looked at.</summary>
    Checked,
}
