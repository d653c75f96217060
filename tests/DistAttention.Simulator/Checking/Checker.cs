using System.Globalization;
using System.Runtime.InteropServices;
using DistAttention.Simulator.Histories;
using DistAttention.Simulator.Worlds;

namespace DistAttention.Simulator.Checking;

/// <summary>
/// Holds every answer against what the ledgers were. A ledger's states are one after the other, each at a moment; every call that was
/// answered must fit between its beginning and its end: then the history is linearizable.
/// </summary>
internal sealed class Checker(History history, Expected expected)
{
    private readonly Dictionary<Guid, Lineage> _lineages = [];

    /// <summary>Checks everything.</summary>
    /// <exception cref="ViolationException">Says the first thing that is wrong.</exception>
    public void Check()
    {
        foreach (Lineage lineage in history.Ledgers.SelectMany(Lineage.Of))
        {
            Require(_lineages.TryAdd(lineage.Uid, lineage), $"sequence {lineage.Uid} was made twice");
        }

        foreach (Lineage lineage in _lineages.Values)
        {
            Follow(lineage, depth: 0);
        }

        history.Appends.ForEach(Check);
        history.Truncates.ForEach(Check);
        history.Forks.ForEach(Check);
        history.Attends.ForEach(Check);
        history.Missing.ForEach(Check);
        Require(history.Truncates.Select(static t => (t.Sequence.Uid, t.Result.Epoch)).Distinct().Count() == history.Truncates.Count, "two truncations were answered with one epoch");
    }

    private static void Require(bool holds, string problem)
    {
        if (!holds)
        {
            throw new ViolationException(problem);
        }
    }

    private void Follow(Lineage lineage, int depth)
    {
        if (lineage.Candidates.Count > 0)
        {
            return;
        }

        if (history.Forks.Find(f => f.Fork.Uid == lineage.Uid) is not { } fork)
        {
            lineage.Follow([new Content()]);
            return;
        }

        Require(_lineages.TryGetValue(fork.Source.Uid, out Lineage? source), $"'{fork.Fork.Id}' was forked from a sequence that never was");
        Follow(source!, depth + 1);
        LedgerState first = lineage.States[0].State;
        long length = first.Record!.Length;
        Require(fork.Length is not { } asked || asked == length, $"'{fork.Fork.Id}' was forked at {length}, not at {fork.Length}");
        List<Content> starts = [];
        foreach (int at in source!.During(fork.From, first.Until))
        {
            long had = source.States[at].State.Record!.Length;
            if (had < length || (fork.Length is null && had != length))
            {
                continue;
            }

            foreach (List<Content> candidate in source.Candidates)
            {
                Content start = candidate[at].CutTo(length);
                if (!starts.Exists(start.Same))
                {
                    starts.Add(start);
                }
            }
        }

        Require(starts.Count > 0, $"'{fork.Fork.Id}' was forked at {length} from a state that its source did not have then");
        lineage.Follow(starts);
    }

    private void Check(AppendCall call)
    {
        string what = $"append {call.Operation} to '{call.Sequence.Id}', acknowledged at {call.Result.FirstPosition}+{call.Result.Count}";
        Require(_lineages.TryGetValue(call.Sequence.Uid, out Lineage? lineage), $"{what}: the sequence never was");
        Require(lineage!.Landed(call.Operation) is not null, $"{what}: it is lost");
        PositionRange rows = lineage.Landed(call.Operation)!.Value;
        Require(rows.Start == call.Result.FirstPosition && rows.Length == call.Count && call.Result.Count == call.Count, $"{what}: it landed at {rows}");
        Require(call.Expected is not { } expectedAt || expectedAt == rows.Start, $"{what}: it was to land at {call.Expected}");
        LedgerState state = lineage.LandedIn(call.Operation);
        Require(state.From <= call.Until && state.Until >= call.From, $"{what}: it was added at another time");
    }

    private void Check(TruncateCall call)
    {
        string what = $"truncation of '{call.Sequence.Id}' to {call.Length}, acknowledged with {call.Result}";
        Require(_lineages.TryGetValue(call.Sequence.Uid, out Lineage? lineage), $"{what}: the sequence never was");
        Require(
            call.Result.Length == call.Length
            && lineage!.States.Any(s => s.State.Record!.Snapshot == call.Result && s.State.From <= call.Until && s.State.Until >= call.From),
            $"{what}: it was never so");
    }

    private void Check(ForkCall call) =>
        Require(!call.Acknowledged || _lineages.ContainsKey(call.Fork.Uid), $"fork '{call.Fork.Id}' was acknowledged and is not there");

    private void Check(MissingAnswer call) =>
        Require(
            !_lineages.TryGetValue(call.Sequence.Uid, out Lineage? lineage) || lineage.WasDeletedBy(call.Until),
            $"'{call.Sequence.Id}' was said not to be there and was never deleted");

    private void Check(AttendCall call)
    {
        SequenceSnapshot state = call.Answer.State;
        string what = string.Create(
            CultureInfo.InvariantCulture,
            $"query of '{call.Sequence.Id}' between {TimeSpan.FromTicks(call.From).TotalMilliseconds} and {TimeSpan.FromTicks(call.Until).TotalMilliseconds} ms, answered for epoch {state.Epoch}, length {state.Length}");
        Require(_lineages.TryGetValue(call.Sequence.Uid, out Lineage? lineage), $"{what}: the sequence never was");
        bool was = false;
        List<List<Content>> right = [];
        foreach (int at in lineage!.During(call.From, call.Until))
        {
            SequenceSnapshot then = lineage.States[at].State.Record!.Snapshot;
            if (then.Epoch != state.Epoch || (call.Length is null ? then.Length != state.Length : then.Length < state.Length || call.Length != state.Length))
            {
                continue;
            }

            was = true;
            right.AddRange(lineage.Candidates.Where(c => !right.Contains(c) && Same(c[at], call)));
            if (right.Count == lineage.Candidates.Count)
            {
                break;
            }
        }

        Require(was, $"{what}: it was not so between the call and the answer");
        Require(right.Count > 0, $"{what}: the bits are wrong");
        lineage.Candidates.RemoveAll(c => !right.Contains(c));
    }

    private bool Same(Content content, AttendCall call)
    {
        (float[] o, float[] lse) = expected.Of(content, call.Answer.State.Length, call.Q, call.Rows, call.Mask);
        return Bits(o).SequenceEqual(Bits(call.Answer.O)) && Bits(lse).SequenceEqual(Bits(call.Answer.Lse));
    }

    private static ReadOnlySpan<int> Bits(float[] values) => MemoryMarshal.Cast<float, int>(values);
}
