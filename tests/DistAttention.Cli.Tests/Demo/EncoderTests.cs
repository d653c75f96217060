using System.Runtime.InteropServices;
using System.Security.Cryptography;
using DistAttention.Cli.Demo.Documents;
using DistAttention.Cli.Demo.Encoding;

namespace DistAttention.Cli.Tests.Demo;

/// <summary>The encoder is a fixed recipe: same text, same bits, whatever the machine.</summary>
public sealed class EncoderTests
{
    /// <summary>Changes only together with the recipe.</summary>
    private const string GoldenDigest = "169c63eb91d75f0731e5059e8b3a2d43cc3cf94fbfb921a74aff7e9a574d9a0c";

    [Fact]
    public void The_same_text_gives_the_same_bits_everywhere()
    {
        Assert.Equal(GoldenDigest, Digest(SampleText.Handbook));
    }

    [Fact]
    public void Every_value_is_finite_and_every_query_is_as_long_as_its_head_is_sharp()
    {
        TextEncoder encoder = Encoder(SampleText.Handbook);
        (float[] q, float[] k, float[] v) = Encode(encoder);
        Assert.All((float[][])[q, k, v], static values => Assert.DoesNotContain(values, static x => !float.IsFinite(x)));
        for (int position = 1; position < encoder.Corpus.Length; position++)
        {
            for (int h = 0; h < encoder.Heads.Count; h++)
            {
                int at = (position * encoder.RowLength) + (h * encoder.HeadDim);
                float length = SignCode.Length(q.AsSpan(at, encoder.HeadDim - 1));
                float expected = encoder.Heads[h].Sharpness * MathF.Sqrt(encoder.HeadDim);
                Assert.True(length == 0 || MathF.Abs(length - expected) < 0.01f, $"head {h}, position {position}: {length}");
            }
        }
    }

    [Fact]
    public void Only_the_start_answers_to_the_last_component()
    {
        TextEncoder encoder = Encoder("one two three");
        (float[] q, float[] k, float[] _) = Encode(encoder);
        for (int row = 0; row < encoder.Corpus.Length * encoder.Heads.Count; row++)
        {
            Assert.Equal(row < encoder.Heads.Count ? 1 : 0, k[(row * encoder.HeadDim) + encoder.HeadDim - 1]);
            Assert.Equal(encoder.Heads[row % encoder.Heads.Count].SinkScore * 8, q[(row * encoder.HeadDim) + encoder.HeadDim - 1]);
        }
    }

    [Fact]
    public void Words_that_stand_everywhere_weigh_less_than_rare_ones_and_function_words_next_to_nothing()
    {
        Corpus corpus = new([new Document("t", SampleText.Handbook)]);
        Lexicon lexicon = new(corpus);
        float Weight(string word) => lexicon[lexicon.Find(word)!.Value].Weight;
        Assert.InRange(Weight("the"), 0, 0.03f);
        Assert.InRange(Weight("which"), 0, 0.03f);
        Assert.InRange(Weight("."), 0, 0.03f);
        Assert.True(Weight("keepers") < Weight("barometer"), $"{Weight("keepers")} < {Weight("barometer")}");
        Assert.InRange(Weight("barometer"), 0.5f, 1);
    }

    [Theory]
    [InlineData("license", "licence")]
    [InlineData("licenses", "licensing")]
    [InlineData("distribute", "distribution")]
    [InlineData("warranty", "warranties")]
    [InlineData("colour", "colors")]
    [InlineData("organise", "organizing")]
    [InlineData("keeper", "keeper's")]
    public void Forms_of_a_word_share_a_stem(string one, string other)
    {
        Assert.Equal(WordForms.Stem(one), WordForms.Stem(other));
    }

    [Theory]
    [InlineData("string", "str")]
    [InlineData("class", "clas")]
    [InlineData("patent", "parent")]
    [InlineData("use", "us")]
    public void Different_words_do_not(string one, string other)
    {
        Assert.NotEqual(WordForms.Stem(one), WordForms.Stem(other));
    }

    [Theory]
    [InlineData("SO_KEEPALIVE", "so keepalive")]
    [InlineData("getTypeInfo", "get type info")]
    [InlineData("utf8", "utf 8")]
    [InlineData("plain", "")]
    public void Identifiers_have_parts(string word, string parts)
    {
        Assert.Equal(parts, string.Join(' ', WordForms.Parts(word)));
    }

    [Theory]
    [InlineData(1, 0)]
    [InlineData(1024, 10)]
    [InlineData(0.125, -3)]
    [InlineData(10, 3.321928094887362)]
    public void The_logarithm_is_one(double x, double expected)
    {
        Assert.Equal(expected, StableMath.Log2(x), 1e-8);
    }

    [Fact]
    public void Hashes_are_what_they_always_were()
    {
        Assert.Equal(4472865957077910541UL, StableHash.Of("attention"));
        Assert.NotEqual(StableHash.Of("attention", 1), StableHash.Of("attention", 2));
        Assert.NotEqual(StableHash.Pair(1, 2), StableHash.Pair(2, 1));
    }

    private static TextEncoder Encoder(string text)
    {
        Corpus corpus = new([new Document("t", text)]);
        return new TextEncoder(corpus, new Lexicon(corpus));
    }

    private static (float[] Q, float[] K, float[] V) Encode(TextEncoder encoder)
    {
        float[] q = new float[encoder.Corpus.Length * encoder.RowLength];
        float[] k = new float[q.Length];
        float[] v = new float[q.Length];
        for (int slice = 0; slice < encoder.SliceCount; slice++)
        {
            (int first, int count) = encoder.Slice(slice);
            Range rows = (first * encoder.RowLength)..((first + count) * encoder.RowLength);
            encoder.Queries(slice, q.AsSpan(rows));
            encoder.KeysAndValues(slice, k.AsSpan(rows), v.AsSpan(rows));
        }

        return (q, k, v);
    }

    /// <summary>Of the text read until it fills three slices.</summary>
    private static string Digest(string text)
    {
        Corpus corpus = new([new Document("t", text)], 5000);
        (float[] q, float[] k, float[] v) = Encode(new TextEncoder(corpus, new Lexicon(corpus)));
        using IncrementalHash hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        foreach (float[] values in (float[][])[q, k, v])
        {
            hash.AppendData(MemoryMarshal.AsBytes(values.AsSpan()));
        }

        return Convert.ToHexStringLower(hash.GetHashAndReset());
    }
}
