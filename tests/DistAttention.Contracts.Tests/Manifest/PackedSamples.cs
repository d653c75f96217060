namespace DistAttention.Contracts.Tests.Manifest;

/// <summary>A value of every kind that travels in a form written by hand: as MessagePack, and tensors; with everything set that can be.</summary>
internal static class PackedSamples
{
    /// <summary>By name; the bytes that it is packed to, and whether other bytes mean the same.</summary>
    public static IEnumerable<(string Name, byte[] Bytes, Func<byte[], bool> Means)> All()
    {
        foreach ((string name, SequenceSpec spec) in Specs())
        {
            yield return Of("spec " + name, spec);
        }

        foreach ((string name, AttentionMask mask) in MaskSamples.All(12).OrderBy(static m => m.Key, StringComparer.Ordinal))
        {
            yield return Of("mask " + name, mask);
        }

        AttentionProblem some = new() { Seed = 5, NumHeadsKv = 1, GroupSize = 2, HeadDim = 4, HeadDimV = 2 };
        foreach ((string name, AttentionProblem problem) in ScoreCases.All(some))
        {
            yield return Of("score " + name, problem.Score);
        }

        float[] values = [.. Enumerable.Range(0, 24).Select(static i => i / 8f)];
        yield return (
            "tensor",
            Wire.Serializer.SerializeToArray(new TensorPayload(values, 2, 3, 4)),
            bytes => Wire.Serializer.Deserialize<TensorPayload>(bytes)!.Floats("q", 2, 3, 4).Span.SequenceEqual(values));
    }

    private static IEnumerable<(string Name, SequenceSpec Spec)> Specs()
    {
        SequenceSpec spec = new() { NumHeadsQ = 8, NumHeadsKv = 2, HeadDim = 4, HeadDimV = 2, KvType = KvDataType.BFloat16, ShardLength = 2048, ExpectedLength = 77 };
        yield return ("plain", spec);
        yield return ("with keys that are prepared", spec with { ValueFromKeyPrefix = true, KeyProjection = FloatTable.Of([1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16], 1, 4, 4), Rope = RotaryEmbedding.Standard(2) with { FirstDim = 2 } });
        yield return ("with a time to live", spec with { TimeToLive = TimeSpan.FromDays(7) });
    }

    private static (string Name, byte[] Bytes, Func<byte[], bool> Means) Of<T>(string name, T value)
        where T : class => (name, Packed.Of(value).Bytes, bytes => new Packed<T>(bytes).Value.Equals(value));
}
