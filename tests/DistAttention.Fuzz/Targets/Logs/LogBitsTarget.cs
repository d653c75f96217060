using System.Buffers.Binary;
using DistAttention.Engine;
using DistAttention.Simulator.Disks;
using DistAttention.Storage;
using DistAttention.Testing;

namespace DistAttention.Fuzz.Targets.Logs;

/// <summary>
/// One flipped bit in what a sequence's logs hold, read by a whole engine that starts anew: nothing is answered, whichever bit it is. An input
/// is the bit's place in all logs, one after the other.
/// </summary>
internal sealed class LogBitsTarget : FuzzTarget
{
    private static readonly AttentionProblem _problem = new() { Seed = 323, NumHeadsKv = 1, GroupSize = 1, HeadDim = 4, HeadDimV = 4, Length = 1100 };

    private readonly SimulatedVolume _volume = new();
    private readonly SequenceSpec _spec = SomeRows.Spec(_problem);
    private readonly List<(string Path, byte[] Good)> _logs = [];
    private readonly long _bits;
    private readonly float[] _q;

    public LogBitsTarget()
    {
        WriteAsync().GetAwaiter().GetResult();
        foreach (string path in _volume.Paths(".kvlog"))
        {
            _logs.Add((path, _volume.Bytes(path)));
        }

        _bits = _logs.Sum(static l => l.Good.Length * 8L);
        _q = new SeededData(324).Normal(_spec.NumHeadsQ * _spec.HeadDim);
        AttendAsync().GetAwaiter().GetResult(); // unharmed, it answers
    }

    public override byte[] Make(Random chance)
    {
        byte[] input = new byte[8];
        BinaryPrimitives.WriteInt64LittleEndian(input, chance.NextInt64(_bits));
        return input;
    }

    public override void Read(byte[] input)
    {
        long bit = BinaryPrimitives.ReadInt64LittleEndian(input);
        (string path, byte[] good) = Find(ref bit);
        byte[] flipped = (byte[])good.Clone();
        flipped[bit / 8] ^= (byte)(1 << (int)(bit % 8));
        _volume.Plant(path, flipped);
        try
        {
            AttendAsync().GetAwaiter().GetResult();
            throw new FuzzFailureException($"answered with bit {bit % 8} of byte {bit / 8} of {path} flipped");
        }
        finally
        {
            _volume.Plant(path, good);
        }
    }

    /// <summary>Damage is said to be damage, wherever it is.</summary>
    public override bool IsRefusal(Exception error)
    {
        for (Exception? cause = error; cause is not null; cause = cause.InnerException)
        {
            if (cause is StorageDamagedException)
            {
                return true;
            }
        }

        return false;
    }

    public override long? MostAllocated(byte[] input) => null;

    private (string Path, byte[] Good) Find(ref long bit)
    {
        foreach ((string path, byte[] good) in _logs)
        {
            if (bit < good.Length * 8L)
            {
                return (path, good);
            }

            bit -= good.Length * 8L;
        }

        throw new FuzzFailureException("there is no such bit");
    }

    private async Task WriteAsync()
    {
        await using FileStorage storage = new(_volume);
        await using EmbeddedAttention client = new(storage.Configure(Options()));
        IAttentionSequence sequence = await client.CreateSequenceAsync("s", _spec);
        foreach ((int first, int count) in ((int, int)[])[(0, 700), (700, 399), (1099, 1)])
        {
            await sequence.AppendAsync(SomeRows.K(_problem, first, count), SomeRows.V(_problem, first, count));
        }
    }

    private async Task AttendAsync()
    {
        await using FileStorage storage = new(_volume);
        await using EmbeddedAttention client = new(storage.Configure(Options()));
        IAttentionSequence sequence = await client.OpenSequenceAsync("s");
        await sequence.AttendAsync(_q, new AttendOptions { Timeout = TimeSpan.FromSeconds(5) });
    }

    private static EmbeddedOptions Options() => new() { ComputeThreads = 1 };
}
