using DistAttention.Fuzz.Running;

namespace DistAttention.Fuzz.Tests;

/// <summary>Readers that do what no reader may do are found out.</summary>
public sealed class FuzzRunTests
{
    private static readonly FuzzOptions _options = new() { Inputs = 200, Threads = 2, Seed = 3, TimeLimit = TimeSpan.FromSeconds(1) };

    [Fact]
    public void AnErrorOfAnotherKindIsAFailureThatReplays()
    {
        FuzzFailure failure = FirstFailure(static _ => throw new IndexOutOfRangeException("by one"));
        Assert.Contains("by one", failure.Cause, StringComparison.Ordinal);
        Assert.Equal($"./build.sh fuzz --target bad --seed 3 --at {failure.Number}", failure.Replay);
        using FuzzTarget again = new Bad(static _ => { });
        Assert.Equal(failure.Input, FuzzRun.Input(again, 3, failure.Number));
        FuzzResult replay = Run(_options with { First = failure.Number, Inputs = 1 }, static _ => throw new IndexOutOfRangeException("by one"));
        Assert.Equal(failure.Input, Assert.Single(replay.Failures).Input);
    }

    [Fact]
    public void MemoryIsCounted()
    {
        FuzzFailure failure = FirstFailure(static _ => GC.KeepAlive(new byte[3 << 20]));
        Assert.Contains("allocates 3,1", failure.Cause, StringComparison.Ordinal);
    }

    [Fact]
    public void AHangEndsTheRunAndNamesItsInput()
    {
        using ManualResetEventSlim end = new();
        try
        {
            FuzzFailure failure = FirstFailure(_ => end.Wait());
            Assert.Contains("longer than 1 s", failure.Cause, StringComparison.Ordinal);
        }
        finally
        {
            end.Set();
        }
    }

    [Fact]
    public void TypedErrorsAreRefusals()
    {
        FuzzResult result = Run(_options, static _ => throw new InvalidSpecException("It", "is wrong"));
        Assert.Empty(result.Failures);
        Assert.Equal((0, 200), (result.Accepted, result.Refused));
    }

    [Fact]
    public void AFailingInputIsWrittenToAFile()
    {
        string folder = Directory.CreateTempSubdirectory("distattn-fuzz-test-").FullName;
        try
        {
            FuzzFailure failure = FirstFailure(static _ => throw new IndexOutOfRangeException("by one"));
            Assert.Equal(failure.Input, File.ReadAllBytes(failure.Write(folder)));
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    private static FuzzFailure FirstFailure(Action<byte[]> read) => Run(_options, input =>
    {
        if (input[0] % 16 == 5)
        {
            read(input);
        }
    }).Failures[0];

    private static FuzzResult Run(FuzzOptions options, Action<byte[]> read) => new FuzzRun("bad", () => new Bad(read), options).Run();

    private sealed class Bad(Action<byte[]> read) : FuzzTarget
    {
        private bool _isWarm;
        private int _read;

        public override byte[] Make(Random chance)
        {
            byte[] input = new byte[8];
            chance.NextBytes(input);
            return input;
        }

        public override void Read(byte[] input)
        {
            // What is read before the run begins is not the run's.
            _isWarm = _isWarm || ++_read > 50;
            if (_isWarm)
            {
                read(input);
            }
        }
    }
}
