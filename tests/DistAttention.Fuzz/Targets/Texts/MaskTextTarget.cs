using System.Text;
using DistAttention.Kernels;

namespace DistAttention.Fuzz.Targets.Texts;

/// <summary>The grammar of masks: what is read is written so that it is read the same, and can be asked about any range.</summary>
internal sealed class MaskTextTarget : FuzzTarget
{
    private static readonly string[] _good =
    [
        "full", "none", "causal", "window:3,4", "window:7", "window:all,2", "last:9", "chunk:8,back=1,ahead=2", "prefix:5", "streaming:sinks=4,window=16",
        "dilated:4,1", "first:4", "keys:0;17;20-31", "queries:0;17", "global:0;17,onesided", "longformer:window=8,global=0;17,dilation=2",
        "bigbird:window=3,global=2,random=3,seed=1,block=64,length=999", "segments:0;100;250", "image:5,7,window=7x5", "image:5,7,rows",
        "segments:ids.npy", "segments:indptr=\"b .npy\"", "graph:indptr.npy,indices.npy", "blocks:map.npy,block=64x128,at=5", "bits:mask.npy,at=-3",
        "causal & (first:4 | last:4096)", "!(causal | window:3) & !none", "  causal&causal|full  ",
    ];

    private static readonly string[] _words =
        ["(", ")", "((((((((((((((((", "!", "!!!!!!!!!!!!", "&", "|", ":", ",", ";", "=", "\"", "-", "0", "9223372036854775807", "-9223372036854775808", "99999999999999999999", "all", "causal", "bigbird:", "window=", "block=1", "random=", "length=", "x", "\u00e9", "\u001b", "\n"];

    private readonly Mutator _mutator = new([.. _good.Select(Encoding.UTF8.GetBytes)], [.. _words.Select(Encoding.UTF8.GetBytes)], longestPiece: 12);
    private string _text = "";

    public override byte[] Make(Random chance) => _mutator.Make(chance);

    public override void Place(byte[] input) => _text = Encoding.UTF8.GetString(input);

    public override void Read(byte[] input)
    {
        AttentionMask.CheckSyntax(_text);
        AttentionMask mask = AttentionMask.Parse(_text);
        Require(mask == AttentionMask.Parse(mask.ToString()), $"'{mask}' is another mask");
        MaskChecks.Ask(mask);
    }
}
