using DistAttention.Engine;
using DistAttention.Storage.Tests.Clients;
using DistAttention.Simulator.Disks;

namespace DistAttention.Storage.Tests.Logs;

/// <summary>One bit of what is stored changes: it is noticed, and nothing is answered.</summary>
public sealed class DamageTests
{
    private static readonly AttentionProblem _problem = new() { Seed = 303, NumHeadsKv = 1, HeadDim = 8, HeadDimV = 8, Length = 40, KvType = KvDataType.Int8, Rows = 2 };

    [Fact]
    public Task SomeBits() => FlipAsync(2000);

    [Fact]
    [Trait("Category", "Soak")]
    public Task AHundredThousandBits() => FlipAsync(100_000);

    [Fact]
    public async Task DamageNamesFileOffsetAndPositions()
    {
        SimulatedVolume volume = await FillAsync();
        string log = Assert.Single(volume.Paths(".kvlog"));
        byte[] bytes = volume.Bytes(log);
        bytes[128 + 80 + 3] ^= 1; // in the rows of the first record
        volume.Plant(log, bytes);
        StorageDamagedException damaged = await Assert.ThrowsAsync<StorageDamagedException>(() => AskAsync(volume));
        Assert.Equal((log, 128, new PositionRange(0, 10)), (damaged.File, damaged.Offset, damaged.Positions));
    }

    [Fact]
    public async Task ADamagedEndThatHeldAcknowledgedRowsIsNotTakenForATornWrite()
    {
        SimulatedVolume volume = await FillAsync();
        string log = Assert.Single(volume.Paths(".kvlog"));
        volume.Plant(log, volume.Bytes(log)[..^5]);
        StorageDamagedException damaged = await Assert.ThrowsAsync<StorageDamagedException>(() => AskAsync(volume));
        Assert.Equal(new PositionRange(30, 40), damaged.Positions);
    }

    private static async Task FlipAsync(int flips)
    {
        SimulatedVolume volume = await FillAsync();
        string expected = await AskAsync(volume);
        List<(string Path, byte[] Bytes)> files = [.. volume.Paths("").Where(static p => !p.EndsWith(".hold", StringComparison.Ordinal)).Select(p => (p, volume.Bytes(p)))];
        long bits = files.Sum(static f => f.Bytes.LongLength) * 8;
        SeededData chance = new(304);
        for (int i = 0; i < flips; i++)
        {
            long bit = flips >= bits ? i % bits : (long)(chance.NextUniform() * bits);
            foreach ((string path, byte[] bytes) in files)
            {
                if (bit >= bytes.LongLength * 8)
                {
                    bit -= bytes.LongLength * 8;
                    continue;
                }

                byte[] flipped = [.. bytes];
                flipped[bit / 8] ^= (byte)(1 << (int)(bit % 8));
                volume.Plant(path, flipped);
                Exception? noticed = await Record.ExceptionAsync(() => AskAsync(volume));
                Assert.True(noticed is StorageDamagedException or ShardLostException, $"bit {bit} of {path}: {noticed?.Message ?? "answered"}");
                volume.Plant(path, bytes);
                break;
            }
        }

        Assert.Equal(expected, await AskAsync(volume));
    }

    private static async Task<SimulatedVolume> FillAsync()
    {
        SimulatedVolume volume = new();
        using FileStorage storage = new(volume);
        await using EmbeddedAttention client = new(storage.Configure(new EmbeddedOptions { ComputeThreads = 1 }));
        await (await client.CreateSequenceAsync("s", _problem.Spec())).AppendRowsAsync(_problem, 0, _problem.Length, 10);
        return volume;
    }

    private static async Task<string> AskAsync(SimulatedVolume volume)
    {
        List<(string Path, byte[] Bytes)> before = [.. volume.Paths("ledger").Select(p => (p, volume.Bytes(p)))];
        using FileStorage storage = new(volume);
        await using EmbeddedAttention client = new(storage.Configure(new EmbeddedOptions { ComputeThreads = 1 }));
        try
        {
            IAttentionSequence sequence = await client.OpenSequenceAsync("s");
            return (await sequence.AttendAsync(_problem.Q, _problem.Options())).Digest();
        }
        finally
        {
            foreach ((string path, byte[] bytes) in before)
            {
                volume.Plant(path, bytes); // opening takes the ledger over, which writes
            }
        }
    }
}
