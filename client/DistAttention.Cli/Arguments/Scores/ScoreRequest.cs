using DistAttention.Cli.Shell;

namespace DistAttention.Cli.Arguments;

/// <summary>What the options say of scores and heads, parsed; its files are not open yet.</summary>
internal sealed record ScoreRequest
{
    public OptionText? Score { get; init; }

    public float? Scale { get; init; }

    public float? SoftCap { get; init; }

    /// <summary>Slopes; of no numbers and no file: the standard ones.</summary>
    public NumbersText? Alibi { get; init; }

    public OptionText? RelativeBias { get; init; }

    public NumbersText? Sinks { get; init; }

    public RopeText? Rope { get; init; }

    public int? ValueFromKeyPrefix { get; init; }

    /// <summary>Files that the options name, which no output may replace.</summary>
    public IEnumerable<string> Files
    {
        get
        {
            IEnumerable<string?> files =
            [
                Alibi?.File,
                Sinks?.File,
                RelativeBias is null ? null : BiasText.FileOf(RelativeBias),
                .. Score?.Name switch
                {
                    "multiplicative" => [Score.File()],
                    "additive" => [Score.Text("v"), Score.Text("wq"), Score.Text("wk")],
                    _ => Array.Empty<string?>(),
                },
            ];
            return files.OfType<string>();
        }
    }

    /// <summary>W_k of an additive score.</summary>
    public FloatTable? LoadKeyProjection() => Score is { Name: "additive" } && Score.Text("wk") is { } file ? TableFile.Load(file, rank: 3) : null;

    /// <summary>The score, its files read.</summary>
    /// <param name="headsQ">Query heads.</param>
    public ScoreFunction Load(int headsQ)
    {
        ScoreFunction score = Score?.Name switch
        {
            "dot" => ScoreFunction.Dot,
            "multiplicative" => new MultiplicativeScore(TableFile.Load(Score.File(), rank: 3)) { SmScale = Scale ?? 1 },
            "additive" => new AdditiveScore(TableFile.Load(Score.RequiredText("v"), rank: 2), Score.Text("wq") is { } file ? TableFile.Load(file, rank: 3) : null),
            _ => Scale is { } scale ? new ScaledDotScore { SmScale = scale } : ScoreFunction.ScaledDot,
        };
        if (Scale is not null && score is (DotScore or AdditiveScore))
        {
            throw new CliException($"--scale has no meaning with --score {Score!.Name}");
        }

        bool isPlain = SoftCap is null && Alibi is null && RelativeBias is null && Sinks is null;
        return isPlain ? score : score with
        {
            SoftCap = SoftCap,
            AlibiSlopes = Alibi switch
            {
                null => null,
                { Given: null, File: null } => DistAttention.Alibi.Slopes(headsQ),
                _ => Alibi.Load(),
            },
            RelativeBias = RelativeBias is null ? null : BiasText.Load(RelativeBias),
            SinkLogits = Sinks?.Load(),
        };
    }
}

/// <summary>The text of <c>--relative-bias</c>: <c>table:FILE</c>, or <c>t5:FILE,bidirectional,max-distance=128</c>.</summary>
internal static class BiasText
{
    public static OptionText Parse(string text)
    {
        OptionText option = OptionText.Read(text, "table", "t5");
        FileOf(option);
        return option;
    }

    /// <summary>Its file.</summary>
    public static string FileOf(OptionText option) => option.Name == "table" ? option.File() : option.FirstFile("bidirectional", "max-distance");

    public static RelativeBias Load(OptionText option)
    {
        if (option.Name == "table")
        {
            return new RelativeBias(TableFile.Load(option.File(), rank: 2));
        }

        int most = (int)(option.WholeNumber("max-distance", 2, 1 << 20) ?? 128);
        return DistAttention.RelativeBias.T5(TableFile.Load(FileOf(option), rank: 2), option.Flag("bidirectional"), most);
    }
}
