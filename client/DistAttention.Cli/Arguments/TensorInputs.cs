using DistAttention.Cli.Shell;
using DistAttention.Engine.TensorFiles;

namespace DistAttention.Cli.Arguments;

/// <summary>The files q, k and v, open, with shapes that fit each other. Only their headers have been read.</summary>
internal sealed class TensorInputs : IDisposable
{
    private TensorInputs(TensorFile q, TensorFile k, TensorFile? v, AttentionRequest request)
    {
        Q = q;
        K = k;
        V = v;
        Spec = MakeSpec(q, k, v, request);
        long firstQueryPosition = request.FirstQueryPosition ?? k.Rows - q.Rows;
        AttentionMask mask = request.Mask.Read(firstQueryPosition);
        Spec = Spec with { ExpectedMask = mask.Outline() };
        Options = new AttendOptions
        {
            Mask = mask,
            Score = request.Scores.Load(Spec.NumHeadsQ, TableFiles.Instance),
            // The rows may be attended to in slices: where the first one stands is settled here, once.
            FirstQueryPosition = firstQueryPosition,
            Timeout = TimeSpan.FromDays(1),
        };
        Options.ValidateFor(Spec);
    }

    /// <summary>[tokens, NumHeadsQ, HeadDim].</summary>
    public TensorFile Q { get; }

    /// <summary>[tokens, NumHeadsKv, HeadDim].</summary>
    public TensorFile K { get; }

    /// <summary>[tokens, NumHeadsKv, HeadDimV]; null where values are a part of keys.</summary>
    public TensorFile? V { get; }

    /// <summary>The sequence that k and v make.</summary>
    public SequenceSpec Spec { get; }

    /// <summary>How q attends.</summary>
    public AttendOptions Options { get; }

    /// <summary>Where the first row of q stands.</summary>
    public long FirstQueryPosition => Options.FirstQueryPosition!.Value;

    /// <summary>Whether q has no dimension for heads; the output then has none either.</summary>
    public bool IsSingleHead => Q.Shape.Count == 2;

    /// <summary>Opens the files and checks their shapes.</summary>
    public static TensorInputs Open(AttentionRequest request)
    {
        List<TensorFile> open = [];
        try
        {
            foreach (string name in new[] { request.Q, request.K, request.V }.OfType<string>())
            {
                open.Add(TensorFile.Open(name));
            }

            return new TensorInputs(open[0], open[1], open.Count > 2 ? open[2] : null, request);
        }
        catch
        {
            open.ForEach(static file => file.Dispose());
            throw;
        }
    }

    public void Dispose()
    {
        Q.Dispose();
        K.Dispose();
        V?.Dispose();
    }

    private static SequenceSpec MakeSpec(TensorFile q, TensorFile k, TensorFile? v, AttentionRequest request)
    {
        (long headsQ, long headDim) = HeadsOf(q, "headDim");
        (long headsK, long headDimK) = HeadsOf(k, "headDim");
        long headDimV = request.Scores.ValueFromKeyPrefix ?? 0;
        Require(headDim == headDimK, $"{q.Name} {Shape(q)} and {k.Name} {Shape(k)} differ in head size");
        if (v is not null)
        {
            (long headsV, headDimV) = HeadsOf(v, "headDimV");
            Require(k.Rows == v.Rows, $"{k.Name} {Shape(k)} and {v.Name} {Shape(v)} differ in tokens");
            Require(headsK == headsV, $"{k.Name} {Shape(k)} and {v.Name} {Shape(v)} differ in heads");
            Require(headDimV > 0, $"{v.Name} {Shape(v)} holds no values"); // in a spec, 0 means "the same as HeadDim"
        }

        SequenceSpec spec = new()
        {
            NumHeadsQ = ToInt(headsQ),
            NumHeadsKv = ToInt(headsK),
            HeadDim = ToInt(headDim),
            HeadDimV = ToInt(headDimV),
            KvType = request.KvType,
            ExpectedLength = k.Rows,
            ValueFromKeyPrefix = v is null,
            KeyProjection = request.Scores.LoadKeyProjection(TableFiles.Instance),
        };
        spec = spec with { Rope = request.Scores.Rope?.For(spec.StoredHeadDim) };
        spec = request.ShardLength is { } shardLength ? spec with { ShardLength = shardLength } : spec;
        spec.Validate();
        return spec;
    }

    private static (long Heads, long HeadDim) HeadsOf(TensorFile file, string headDimName) => file.Shape switch
    {
        [_, long headDim] => (1, headDim),
        [_, long heads, long headDim] => (heads, headDim),
        _ => throw new CliException($"{file.Name} has the shape {Shape(file)}; [tokens, heads, {headDimName}] or [tokens, {headDimName}] is needed"),
    };

    private static string Shape(TensorFile file) => $"[{string.Join(", ", file.Shape)}]";

    private static int ToInt(long dimension) => (int)Math.Min(dimension, int.MaxValue); // too large either way: the spec says so

    private static void Require(bool condition, string problem)
    {
        if (!condition)
        {
            throw new CliException(problem);
        }
    }
}
