using DistAttention.Cli.Demo.Asking;
using DistAttention.Cli.Demo.Documents;
using DistAttention.Cli.Demo.Encoding;

namespace DistAttention.Cli.Tests.Demo;

/// <summary>Mass by token becomes passages.</summary>
public sealed class PassageTests
{
    [Fact]
    public void Neighbouring_lines_are_one_passage_and_far_ones_are_two()
    {
        IReadOnlyList<Passage> found = Find("a b\nc d\n\ne f\n\n\n\n\ng h\n", [0.1, 0.1, 0.2, 0.1, 0.1, 0.0, 0.1, 0.05]);
        Assert.Equal([(1, 4), (9, 9)], found.Select(static p => (p.FirstLine, p.LastLine)));
        Assert.Equal([0.6, 0.15], found.Select(static p => Math.Round(p.Share, 9)));
    }

    [Fact]
    public void The_same_words_elsewhere_are_counted_with_the_first()
    {
        const string licence = "permission is granted to use copy and sell\n";
        string text = licence + "\n\n\n\nother words stand here between the two\n\n\n\n\n" + licence;
        double[] mass = new double[24];
        mass[0] = 0.2;
        mass[8] = 0.1;
        mass[16] = 0.3;
        IReadOnlyList<Passage> found = Find(text, mass);
        Assert.Equal([11, 6], found.Select(static p => p.FirstLine));
        Assert.Equal(1, Assert.Single(found[0].Likes).FirstLine);
        Assert.Equal(0.5, found[0].ShareWithLikes, 1e-12);
    }

    [Fact]
    public void A_passage_never_runs_from_one_document_into_the_next()
    {
        Corpus corpus = new([new Document("a", "one two"), new Document("b", "three four")]);
        IReadOnlyList<Passage> found = new PassageFinder(corpus, new Lexicon(corpus)).Find([0.25, 0.25, 0.25, 0.2], 5);
        Assert.Equal([(0, 1), (1, 1)], found.Select(static p => (p.Document, p.FirstLine)));
    }

    [Fact]
    public void A_very_long_line_is_cut()
    {
        string text = string.Concat(Enumerable.Range(0, 500).Select(static i => $"word{i} "));
        double[] mass = new double[500];
        mass[250] = 1;
        Passage passage = Assert.Single(Find(text, mass));
        Assert.InRange(passage.FirstToken, 200, 250);
        Assert.InRange(passage.EndToken, 251, 300);
    }

    [Fact]
    public void No_mass_is_no_passage() => Assert.Empty(Find("a b c", [0, 0, 0]));

    [Fact]
    public void Mass_is_spread_over_wide_bins_but_for_the_positions_that_are_known()
    {
        // 7 positions in 3 bins: [0, 2), [2, 4), [4, 7).
        AttentionMass mass = new()
        {
            Rows = 1,
            NumHeadsQ = 1,
            TopK = 2,
            Bins = 3,
            TopPositions = new long[] { 5, -1 },
            TopWeights = new float[] { 0.25f, 0 },
            BinMass = new float[] { 0.25f, 0.25f, 0.5f },
            Snapshot = new SequenceSnapshot(1, 7),
        };
        MassProfile profile = new(1, 7);
        profile.Add(mass, [1]);
        Assert.Equal([0.125, 0.125, 0.125, 0.125, 0.125, 0.25, 0.125], profile.Head(0).ToArray());
        Assert.Equal(0.125, profile.StartShare, 1e-9);
    }

    [Fact]
    public void Repetitions_of_the_text_add_up()
    {
        Corpus corpus = new([new Document("t", "a b")], 5);
        MassProfile profile = new(1, 6);
        profile.Add(
            new AttentionMass
            {
                Rows = 1, NumHeadsQ = 1, TopK = 0, Bins = 6,
                TopPositions = Array.Empty<long>(), TopWeights = Array.Empty<float>(),
                BinMass = new float[] { 0, 0.5f, 0.125f, 0.125f, 0.125f, 0.125f },
                Snapshot = new SequenceSnapshot(1, 6),
            },
            [1]);
        Assert.Equal([0.75, 0.25], profile.ByToken(corpus));
    }

    private static IReadOnlyList<Passage> Find(string text, double[] mass)
    {
        Corpus corpus = new([new Document("t", text)]);
        return new PassageFinder(corpus, new Lexicon(corpus)).Find(mass, 5);
    }
}
