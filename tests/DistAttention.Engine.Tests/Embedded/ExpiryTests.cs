using DistAttention.Engine.Ledger;

namespace DistAttention.Engine.Tests.Embedded;

/// <summary>Sequences end some time after their last use, on a clock that the tests move.</summary>
public sealed class ExpiryTests
{
    private static readonly TimeSpan _ttl = TimeSpan.FromHours(16);
    private static readonly TimeSpan _noted = TimeSpan.FromHours(1); // uses are noted to a sixteenth
    private static readonly TimeSpan _sweep = TimeSpan.FromSeconds(1);
    private static readonly AttentionProblem _problem = new() { Seed = 811, Length = 1500, Rows = 3 };

    private readonly ManualTime _time = new();
    private readonly InMemoryLedgerStore _ledgers = new();

    [Fact]
    public async Task WhatIsNotUsedIsGoneAndItsNameFree()
    {
        await using EmbeddedAttention client = Client(sweepEvery: TimeSpan.FromDays(1));
        IAttentionSequence sequence = await FillAsync(client, "s");
        Assert.Equal(_time.GetUtcNow() + _ttl + _noted, (await sequence.GetInfoAsync()).ExpiresAt);
        _time.Advance(_ttl);
        Assert.Equal(["s"], await NamesAsync(client));
        await sequence.ExplainAsync(3); // looking at it is no use
        await client.OpenSequenceAsync("s");
        _time.Advance(_noted);

        // Nobody has swept yet.
        Assert.NotNull(await _ledgers.ReadAsync("s", default));
        Assert.Empty(await NamesAsync(client));
        await AssertGoneAsync(() => client.OpenSequenceAsync("s"));
        await AssertGoneAsync(() => client.DeleteSequenceAsync("s"));
        await AssertGoneAsync(() => sequence.AttendAsync(_problem.Q));
        await AssertGoneAsync(() => sequence.AppendAsync(_problem.KRows(0, 1), _problem.VRows(0, 1)));
        await AssertGoneAsync(() => sequence.GetInfoAsync());
        await AssertGoneAsync(() => sequence.ForkAsync("fork"));
        await AssertGoneAsync(() => sequence.TruncateAsync(0));

        IAttentionSequence next = await FillAsync(client, "s", 700);
        await AssertGoneAsync(() => sequence.AttendAsync(_problem.Q));
        Assert.Equal(700, (await next.GetInfoAsync()).Length);
        await client.DeleteSequenceAsync("s");
        Assert.Equal(0, client.ResidentBytes);
    }

    [Theory]
    [InlineData("attend")]
    [InlineData("append")]
    [InlineData("truncate")]
    [InlineData("fork")]
    public async Task EveryUseProlongsALife(string use)
    {
        await using EmbeddedAttention client = Client();
        IAttentionSequence sequence = await FillAsync(client, "s");
        for (int i = 0; i < 5; i++)
        {
            _time.Advance(_ttl);
            switch (use)
            {
                case "attend":
                    Assert.Equal(_problem.KernelDigest(), (await sequence.AttendAsync(_problem.Q)).Digest());
                    break;
                case "append":
                    await sequence.AppendAsync(_problem.KRows(0, 1), _problem.VRows(0, 1));
                    break;
                case "truncate":
                    await sequence.TruncateAsync(1400 - i);
                    break;
                default:
                    await sequence.ForkAsync($"fork/{i}");
                    break;
            }
        }

        _time.Advance(_ttl + _noted);
        await AssertGoneAsync(() => sequence.GetInfoAsync());
    }

    [Fact]
    public async Task QueriesInQuickSuccessionWriteTheLedgerSeldom()
    {
        await using EmbeddedAttention client = Client();
        IAttentionSequence sequence = await FillAsync(client, "s");
        long before = (await _ledgers.ReadAsync("s", default))!.Version;
        for (int i = 0; i < 100; i++)
        {
            _time.Advance(_noted / 50);
            await sequence.AttendAsync(_problem.Q);
        }

        Assert.Equal(before + 2, (await _ledgers.ReadAsync("s", default))!.Version);
    }

    [Fact]
    public async Task AForkKeepsWhatItSharesAndLivesForItself()
    {
        await using EmbeddedAttention client = Client();
        IAttentionSequence parent = await FillAsync(client, "parent");
        IAttentionSequence fork = await parent.ForkAsync("fork");
        Assert.Equal(_ttl, fork.Spec.TimeToLive);
        long shared = client.ResidentBytes;
        _time.Advance(_ttl);
        await fork.AttendAsync(_problem.Q);
        _time.Advance(_noted);
        await SweptAsync("fork");
        Assert.Equal(_problem.KernelDigest(), (await fork.AttendAsync(_problem.Q)).Digest());
        Assert.InRange(client.ResidentBytes, 1, shared);
        _time.Advance(_ttl + _noted);
        await SweptAsync();
        Assert.Equal(0, client.ResidentBytes);
    }

    [Fact]
    public async Task TheSweepGivesSpaceBackAndSparesWhatLives()
    {
        await using EmbeddedAttention client = Client();
        await FillAsync(client, "gone/1");
        await FillAsync(client, "gone/2");
        IAttentionSequence used = await FillAsync(client, "used");
        await client.CreateSequenceAsync("for-ever", _problem.Spec());
        _time.Advance(_ttl);
        await used.AttendAsync(_problem.Q);
        _time.Advance(_noted);
        await SweptAsync("for-ever", "used");
        Assert.Equal(_problem.KernelDigest(), (await used.AttendAsync(_problem.Q)).Digest());
    }

    [Fact]
    public async Task OfTwoOwnersTheOneThatUsesItWins()
    {
        await using EmbeddedAttention first = Client();
        IAttentionSequence sequence = await first.CreateSequenceAsync("s", _problem.Spec() with { TimeToLive = _ttl });
        VersionedLedger before = (await _ledgers.ReadAsync("s", default))!;
        _time.Advance(_ttl);
        await sequence.AttendAsync(_problem.Q);

        // A sweep that has read the state before the use.
        Assert.False(await _ledgers.DeleteAsync("s", before.Version, default));
        await sequence.GetInfoAsync();
    }

    [Fact]
    public async Task OneWithoutATimeToLiveStays()
    {
        await using EmbeddedAttention client = Client();
        IAttentionSequence sequence = await client.CreateSequenceAsync("s", _problem.Spec());
        _time.Advance(TimeSpan.FromDays(100_000));
        Assert.Null((await sequence.GetInfoAsync()).ExpiresAt);
        Assert.Equal(default, (await _ledgers.ReadAsync("s", default))!.Record.UsedAt);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(-1)]
    [InlineData(36_501L * 24 * 3600 * 1000)]
    public async Task ATimeToLiveThatCannotBeIsNamed(long milliseconds)
    {
        await using EmbeddedAttention client = Client();
        InvalidSpecException error = await Assert.ThrowsAsync<InvalidSpecException>(
            () => client.CreateSequenceAsync("s", _problem.Spec() with { TimeToLive = TimeSpan.FromMilliseconds(milliseconds) }));
        Assert.Equal(nameof(SequenceSpec.TimeToLive), error.Property);
    }

    private EmbeddedAttention Client(TimeSpan? sweepEvery = null) => Runs.Client(1, o => (o.TimeProvider, o.LedgerStore, o.ExpirySweepInterval) = (_time, _ledgers, sweepEvery ?? _sweep));

    /// <summary>Waits until no other ledgers are kept.</summary>
    private async Task SweptAsync(params string[] left)
    {
        while ((await _ledgers.ListAsync("", default).CountAsync()) > left.Length)
        {
            _time.Advance(_sweep);
            await Task.Delay(1); // the sweep runs beside this, on the clock above
        }

        Assert.Equal(left, await _ledgers.ListAsync("", default).Select(static r => r.Id.Value).ToListAsync());
    }

    private static async Task<IAttentionSequence> FillAsync(IAttentionClient client, string name, int length = 1500)
    {
        IAttentionSequence sequence = await client.CreateSequenceAsync(name, _problem.Spec() with { TimeToLive = _ttl });
        await sequence.AppendRowsAsync(_problem, 0, length);
        return sequence;
    }

    private static async Task AssertGoneAsync(Func<Task> call) => Assert.Equal("s", (await Assert.ThrowsAsync<SequenceNotFoundException>(call)).Id.Value);

    private static async Task<List<string>> NamesAsync(IAttentionClient client)
    {
        List<string> names = [];
        await foreach (SequenceInfo info in client.ListSequencesAsync())
        {
            names.Add(info.Id.Value);
        }

        return names;
    }
}
