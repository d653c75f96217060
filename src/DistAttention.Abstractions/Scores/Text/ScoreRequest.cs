namespace DistAttention;

/// <summary>What texts say of scores, positions and heads, parsed; files that they name are not open yet.</summary>
public sealed record ScoreRequest
{
    /// <summary>How q and k are compared; null: scaled dot product. See <see cref="ParseScore"/>.</summary>
    public OptionText? Score { get; init; }

    /// <summary>Factor between q·k and the score; null: 1/√headDim.</summary>
    public float? Scale { get; init; }

    /// <summary>Scores become c · tanh(score / c).</summary>
    public float? SoftCap { get; init; }

    /// <summary>Slopes; of no numbers and no file: the standard ones.</summary>
    public NumbersText? Alibi { get; init; }

    /// <summary>A number per head and distance. See <see cref="BiasText"/>.</summary>
    public OptionText? RelativeBias { get; init; }

    /// <summary>A sink logit per query head.</summary>
    public NumbersText? Sinks { get; init; }

    /// <summary>How q and k are turned by position.</summary>
    public RopeText? Rope { get; init; }

    /// <summary>Values are the first components of keys, so many.</summary>
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
    /// <param name="files">Reads its file.</param>
    public FloatTable? LoadKeyProjection(ITableFiles files)
    {
        ArgumentNullException.ThrowIfNull(files);
        return Score is { Name: "additive" } && Score.Text("wk") is { } file ? files.ReadTable(file, rank: 3) : null;
    }

    /// <summary>The score, its files read.</summary>
    /// <param name="headsQ">Query heads.</param>
    /// <param name="files">Reads its files.</param>
    /// <exception cref="InvalidSpecException">A setting is impossible, or has no meaning with the others.</exception>
    public ScoreFunction Load(int headsQ, ITableFiles files)
    {
        ArgumentNullException.ThrowIfNull(files);
        ScoreFunction score = Score?.Name switch
        {
            "dot" => ScoreFunction.Dot,
            "multiplicative" => new MultiplicativeScore(files.ReadTable(Score.File(), rank: 3)) { SmScale = Scale ?? 1 },
            "additive" => new AdditiveScore(files.ReadTable(Score.RequiredText("v"), rank: 2), Score.Text("wq") is { } file ? files.ReadTable(file, rank: 3) : null),
            _ => Scale is { } scale ? new ScaledDotScore { SmScale = scale } : ScoreFunction.ScaledDot,
        };
        if (Scale is not null && score is (DotScore or AdditiveScore))
        {
            throw new InvalidSpecException("scale", $"has no meaning with score {Score!.Name}");
        }

        bool isPlain = SoftCap is null && Alibi is null && RelativeBias is null && Sinks is null;
        return isPlain ? score : score with
        {
            SoftCap = SoftCap,
            AlibiSlopes = Alibi switch
            {
                null => null,
                { Given: null, File: null } => DistAttention.Alibi.Slopes(headsQ),
                _ => Alibi.Load(files),
            },
            RelativeBias = RelativeBias is null ? null : BiasText.Load(RelativeBias, files),
            SinkLogits = Sinks?.Load(files),
        };
    }

    /// <summary>The text of a score: <c>scaled-dot</c>, <c>dot</c>, <c>multiplicative:FILE</c> or <c>additive:v=FILE,wq=FILE,wk=FILE</c>.</summary>
    /// <param name="text">The text.</param>
    /// <exception cref="FormatException">Points at the character that is wrong.</exception>
    public static OptionText ParseScore(string text)
    {
        OptionText score = OptionText.Read(text, "scaled-dot", "dot", "multiplicative", "additive");
        switch (score.Name)
        {
            case "multiplicative":
                score.File();
                break;
            case "additive":
                score.Allow("v", "wq", "wk");
                score.RequiredText("v");
                score.Text("wq");
                score.Text("wk");
                break;
            default:
                score.Allow();
                break;
        }

        return score;
    }

    /// <summary>The text of ALiBi's slopes: <c>standard</c>, numbers or a file.</summary>
    /// <param name="text">The text.</param>
    /// <exception cref="FormatException">Points at the character that is wrong.</exception>
    public static NumbersText ParseAlibi(string text) => text == "standard" ? new NumbersText(null, null) : NumbersText.Parse(text);
}
