using System.Text;

namespace DistAttention.Fuzz.Targets.Texts;

/// <summary>The other grammars of the command line.</summary>
internal sealed class OptionTextTarget : FuzzTarget
{
    private readonly Action<string> _read;
    private readonly Mutator _mutator;
    private string _text = "";

    private OptionTextTarget(Action<string> read, string[] good, string[] words)
    {
        _read = read;
        string[] all = [.. words, ":", ",", "=", "-", ".", "0", "1", "1e308", "-1e-400", "NaN", "Infinity", "9223372036854775807", "x", "\u00e9", "\u001b", " "];
        _mutator = new Mutator([.. good.Select(Encoding.UTF8.GetBytes)], [.. all.Select(Encoding.UTF8.GetBytes)], longestPiece: 12);
    }

    public static FuzzTarget Score() => new OptionTextTarget(
        static text => ScoreRequest.ParseScore(text),
        ["scaled-dot", "dot", "multiplicative:w.npy", "additive:v=v.npy,wq=a.npy,wk=b.safetensors:k"],
        ["additive:", "wq=", "wk=", "v=", "multiplicative"]);

    public static FuzzTarget Bias() => new OptionTextTarget(
        static text => BiasText.FileOf(BiasText.Parse(text)),
        ["table:b.npy", "t5:b.npy", "t5:b.npy,bidirectional,max-distance=128"],
        ["t5:", "table:", "bidirectional", "max-distance="]);

    public static FuzzTarget Rope() => new OptionTextTarget(
        static text => RopeText.Parse(text).For(64),
        ["standard", "linear:factor=4", "ntk:factor=8,base=500000", "yarn:factor=16,trained=4096,dims=64,layout=interleaved", "yarn:factor=2,trained=128,fast=32,slow=1,first=2,dims=4"],
        ["factor=", "base=", "dims=", "first=", "layout=half", "trained=", "fast=", "slow=", "yarn:"]);

    public static FuzzTarget Numbers() => new OptionTextTarget(
        static text =>
        {
            if (NumbersText.Parse(text).Given is { } given)
            {
                FloatTable.Of(given);
            }
        },
        ["0.5,0.25", "-1,2e3,.5", "+1", "slopes.npy", "a.safetensors:k"],
        [".npy", "1,1,1,1,1,1,1,1"]);

    public override byte[] Make(Random chance) => _mutator.Make(chance);

    public override void Place(byte[] input) => _text = Encoding.UTF8.GetString(input);

    public override void Read(byte[] input) => _read(_text);

    /// <summary>A usage error is made of these.</summary>
    public override bool IsRefusal(Exception error) => error is FormatException || base.IsRefusal(error);
}
