using DistAttention.Contracts;
using DistAttention.Testing;

namespace DistAttention.Fuzz.Targets.Wire;

/// <summary>A mask, score, spec or plan as MessagePack: read and packed again it is the same, and it can be used.</summary>
/// <typeparam name="T">What is packed.</typeparam>
/// <param name="good">Good values.</param>
/// <param name="use">Uses one that was read.</param>
internal sealed class PackedTarget<T>(IEnumerable<T> good, Action<T> use) : FuzzTarget
    where T : class
{
    private readonly Mutator _mutator = new([.. good.Select(static v => PackFormat.Write(v))], PackedTarget.Words, longestPiece: 40);

    public override byte[] Make(Random chance) => _mutator.Make(chance);

    public override void Read(byte[] input)
    {
        T value = PackFormat.Read<T>(input);
        byte[] again = PackFormat.Write(value);
        Require(again.AsSpan().SequenceEqual(PackFormat.Write(PackFormat.Read<T>(again))), "packed and read it is something else");
        use(value);
    }
}

/// <summary>The values that are packed.</summary>
internal static class PackedTarget
{
    private static readonly AttentionProblem _some = new() { Seed = 5, NumHeadsKv = 2, GroupSize = 2, HeadDim = 12, HeadDimV = 8 };

    /// <summary>Beginnings of MessagePack values: lengths that are not there, numbers, nesting.</summary>
    public static IReadOnlyList<byte[]> Words { get; } =
    [
        [0xdd, 0x7f, 0xff, 0xff, 0xff], [0xdc, 0xff, 0xff], [0xc6, 0x7f, 0xff, 0xff, 0xff], [0xdb, 0xff, 0xff, 0xff, 0xff], [0xdf, 0x7f, 0xff, 0xff, 0xff],
        [0xc0], [0xc1], [0x90], [0x91], [0x92], [0x93, 0x93, 0x93, 0x93], [0xce, 0xff, 0xff, 0xff, 0xff], [0xcf, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff],
        [0xd3, 0x80, 0, 0, 0, 0, 0, 0, 0], [0xca, 0x7f, 0xc0, 0, 0], [0xcb, 0x7f, 0xf0, 0, 0, 0, 0, 0, 0], [0xc4, 0], [0xa0], [0xd9, 0xff], [0xc7, 1, 5],
        [0x92, 1, 0x92, 1, 0x92, 1, 0x92, 1], [.. Enumerable.Repeat((byte)0x91, 200)],
    ];

    public static FuzzTarget Masks() => new PackedTarget<AttentionMask>(MaskSamples.All(100).Values, MaskChecks.Ask);

    public static FuzzTarget Scores() => new PackedTarget<ScoreFunction>(
        [ScoreFunction.ScaledDot, new ScaledDotScore { SmScale = 0.1f }, .. ScoreCases.All(_some).Select(static c => c.Problem.Score)],
        static score => new AttendOptions { Score = score }.ValidateFor(_some.SequenceSpec));

    public static FuzzTarget Specs() => new PackedTarget<SequenceSpec>(
        ScoreCases.All(_some).Select(static c => c.Problem.SequenceSpec).Append(new SequenceSpec { HeadDim = 3, ExpectedLength = 1L << 40, ExpectedMask = AttentionMask.BigBird(3, 2, 2, 1) }),
        static spec => spec.Validate());

    public static FuzzTarget Plans() => new PackedTarget<AttentionPlan>([PlanSamples.Whole()], static plan => _ = plan.Visits.Count);
}
