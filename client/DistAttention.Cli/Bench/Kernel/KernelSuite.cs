using System.Globalization;
using DistAttention.Cli.Bench.Measuring;

namespace DistAttention.Cli.Bench.Kernel;

/// <summary>What <c>bench kernel</c> measures, and what it is held to.</summary>
internal static class KernelSuite
{
    private static readonly Goal _fullError = Goal.AtMost(1e-6);
    private static readonly Goal _causalError = Goal.AtMost(2.5e-6);
    private static readonly Goal _largeHeadError = Goal.AtMost(4e-6);

    /// <summary>All of it, in the order of running: what has to come first in a process comes first.</summary>
    public static IReadOnlyList<IKernelBench> All(BenchSettings settings)
    {
        int n4 = settings.Length(4096);
        int n8 = settings.Length(8192);
        return
        [
            new FirstAttendBench(new AttendShape(n4, n4, 64), Goal.AtLeast(0.60)),
            Full(n4, 64, 0.82, 0.88),
            Full(n4, 128, 0.86, 0.91),
            Causal(n4, 64, 0.76, 0.83),
            Causal(n4, 128, 0.80, 0.88),
            Causal(n8, 64, 0.79, 0.85),
            Causal(n8, 128, 0.85, 0.90),
            .. Scores(),
            FewQueries(64),
            FewQueries(128),
            Decode(KvDataType.Float32, 8, 8, 64, 0.92, 0.96),
            Decode(KvDataType.BFloat16, 8, 8, 64, 0.92, 0.96),
            Decode(KvDataType.Float16, 8, 8, 64, 0.92, 0.96),
            Decode(KvDataType.Float32, 32, 4, 64, 0.75, 0.90),
            Decode(KvDataType.BFloat16, 32, 4, 64, 0.70, 0.80),
            Decode(KvDataType.Float16, 32, 4, 64, 0.70, 0.80),
            Decode(KvDataType.Float32, 32, 4, 128, 0.60, 0.75),
            Decode(KvDataType.BFloat16, 32, 4, 128, 0.50, 0.65),
            Decode(KvDataType.Float16, 32, 4, 128, 0.50, 0.65),
            new Int8Bench(DecodeShape(KvDataType.Int8, 8, 8, 64), _fullError, Goal.AtLeast(1.6), Goal.AtLeast(1.75)),
            new PlainTensorBench(new AttendShape(n4, n4, 64), Goal.AtLeast(7)),
            new MiddleBench(new AttendShape(64, settings.Length(65_536), 64), Goal.AtMost(1.05)),
            Append(KvDataType.Float32),
            Append(KvDataType.BFloat16),
            Append(KvDataType.Float16),
            Append(KvDataType.Int8),
            new AllocationBench(DecodeShape(KvDataType.Float32, 8, 8, 64) with { Positions = settings.Length(65_536) }, Goal.AtMost(2048)),
            new ComputeBench($"full {Number(n4 / 2)} × {Number(n4 / 2)}, head size 576 for k and 512 for v", new AttendShape(n4 / 2, n4 / 2, 576) { HeadDimV = 512 }, _largeHeadError, null, null),
        ];

        IEnumerable<IKernelBench> Scores()
        {
            AttendShape shape = new(n4, n4, 64);
            yield return new ScoreBench("soft cap 50", shape, new ScaledDotScore { SoftCap = 50 }, Goal.AtLeast(0.90));
            yield return new ScoreBench("soft cap 1, which bends a third of the scores", shape, new ScaledDotScore { SoftCap = 1 }, null);
            yield return new ScoreBench("ALiBi", shape, new ScaledDotScore { AlibiSlopes = Alibi.Slopes(shape.NumHeadsQ) }, Goal.AtLeast(0.90));
            yield return new ScoreBench("relative bias within 128", shape, new ScaledDotScore { RelativeBias = new(FloatTable.Of(NormalData.Make(9, 0, shape.NumHeadsQ * 257), shape.NumHeadsQ, 257)) }, null);
            AttendShape small = new(settings.Length(1024), settings.Length(1024), 64);
            yield return new ScoreBench("additive", small, new AdditiveScore(FloatTable.Of(Array.ConvertAll(NormalData.Make(10, 0, 64), static v => v / 8), 1, 64)), null);
        }

        IKernelBench Full(int length, int headDim, double target, double stretch) => new ComputeBench(
            $"full {Number(length)} × {Number(length)}, head size {headDim}",
            new AttendShape(length, length, headDim),
            _fullError,
            Goal.AtLeast(target),
            Goal.AtLeast(stretch));

        IKernelBench Causal(int length, int headDim, double target, double stretch) => new ComputeBench(
            $"causal {Number(length)}, head size {headDim}",
            new AttendShape(length, length, headDim) { IsCausal = true },
            _causalError,
            Goal.AtLeast(target),
            Goal.AtLeast(stretch));

        IKernelBench FewQueries(int headDim)
        {
            AttendShape shape = new(16, settings.Length(65_536), headDim);
            return new FewQueriesBench(shape, _fullError);
        }

        IKernelBench Decode(KvDataType type, int headsQ, int headsKv, int headDim, double target, double stretch) =>
            new DecodeBench(DecodeShape(type, headsQ, headsKv, headDim), _fullError, Goal.AtLeast(target), Goal.AtLeast(stretch));

        AttendShape DecodeShape(KvDataType type, int headsQ, int headsKv, int headDim) =>
            new(1, settings.Length(131_072), headDim) { NumHeadsQ = headsQ, NumHeadsKv = headsKv, KvType = type };

        IKernelBench Append(KvDataType type) =>
            new AppendBench(new AttendShape(0, settings.Length(65_536), 64) { KvType = type }, Goal.AtLeast(0.50));
    }

    /// <summary>"4096", "65,536".</summary>
    public static string Number(long count) => count.ToString(count < 10_000 ? "0" : "N0", CultureInfo.InvariantCulture);
}
