using System.CommandLine;
using DistAttention.Cli.Shell;

namespace DistAttention.Cli.Arguments;

/// <summary>The options that say what attends to what: shared by every verb that takes q, k and v.</summary>
internal sealed class AttentionArguments
{
    private readonly Option<string> _q = Tensor("--q", "Queries [tokens, heads, headDim]: an .npy file, or file.safetensors:name. Two dimensions mean one head.");
    private readonly Option<string> _k = Tensor("--k", "Keys [tokens, heads, headDim]. Fewer heads than q: each serves a group of q's heads.");
    private readonly Option<string?> _v = Parsed.Option<string?>("--v", "FILE", "Values [tokens, heads, headDimV].", Parsed.FileName);

    private readonly Option<MaskText?> _mask =
        Parsed.Option<MaskText?>("--mask", "SPEC", MaskText.Help, MaskText.Parse);

    private readonly ScoreArguments _scores = new();

    private readonly Option<long?> _firstQueryPosition =
        Parsed.Option<long?>("--first-query-position", "N", "Position of q's first token, for masks. Default: q's last token stands at k's last.", FirstPosition);

    private readonly Option<int?> _shardLength =
        Parsed.Option<int?>("--shard-length", "N", "Positions per shard, a power of two from 1024 on. Changes no bit of the result. Default: 16384.", ShardLength);

    private readonly Option<KvDataType?> _kvType =
        Parsed.Option<KvDataType?>("--kv-type", "TYPE", "How k and v are held: float32 (the default), float16, bfloat16 or int8.", static text => KvTypes.Parse(text));

    /// <summary>Adds q, k and v to a verb.</summary>
    public void AddTensorsTo(Verb verb)
    {
        verb.Add(_q);
        verb.Add(_k);
        verb.Add(_v);
    }

    /// <summary>Adds the rest, how to attend, to a verb.</summary>
    public void AddChoicesTo(Verb verb)
    {
        verb.Add(_mask);
        _scores.AddTo(verb);
        verb.Add(_firstQueryPosition);
        verb.Add(_shardLength);
        verb.Add(_kvType);
    }

    /// <summary>What the user asked for.</summary>
    /// <exception cref="CliException">There are values neither in a file nor in keys, or in both.</exception>
    public AttentionRequest Read(ParseResult parsed)
    {
        AttentionRequest request = ReadAll(parsed);
        if (request.V is null != request.Scores.ValueFromKeyPrefix is not null)
        {
            string problem = request.V is null ? "--v is missing" : "--v and --value-from-key-prefix exclude each other";
            throw new CliException($"{problem}. See '{HelpPage.FullName(parsed.CommandResult.Command)} --help'") { Code = ExitCode.Usage };
        }

        return request;
    }

    private AttentionRequest ReadAll(ParseResult parsed) => new()
    {
        Q = parsed.GetRequiredValue(_q),
        K = parsed.GetRequiredValue(_k),
        V = parsed.GetValue(_v),
        Mask = parsed.GetValue(_mask) ?? MaskText.Full,
        Scores = _scores.Read(parsed),
        FirstQueryPosition = parsed.GetValue(_firstQueryPosition),
        ShardLength = parsed.GetValue(_shardLength),
        KvType = parsed.GetValue(_kvType) ?? KvDataType.Float32,
    };

    private static Option<string> Tensor(string name, string description)
    {
        Option<string> option = Parsed.Option(name, "FILE", description, Parsed.FileName);
        option.Required = true;
        return option;
    }

    private static long? FirstPosition(string text) => Parsed.WholeNumber(-AttentionRequest.FarthestPosition, AttentionRequest.FarthestPosition)(text);

    // The rule is the spec's; asked early, so that a wrong length is a usage error.
    private static int? ShardLength(string text)
    {
        int length = (int)Parsed.WholeNumber(1, int.MaxValue)(text);
        try
        {
            new SequenceSpec { HeadDim = 1, ShardLength = length }.Validate();
            return length;
        }
        catch (InvalidSpecException error)
        {
            throw new FormatException(error.Message.Replace($"{error.Property}: ", "", StringComparison.Ordinal), error);
        }
    }
}
