using DistAttention.Cli.Demo.Asking;
using DistAttention.Cli.Demo.Documents;
using DistAttention.Cli.Demo.Encoding;
using DistAttention.Cli.Demo.Running;
using DistAttention.Cli.Output;
using DistAttention.Engine;

namespace DistAttention.Cli.Tests.Demo;

/// <summary>Attention of questions over a text finds what a reader would point at.</summary>
public sealed class QuestionTests : IAsyncLifetime
{
    private readonly EmbeddedAttention _client = new(new EmbeddedOptions { ComputeThreads = 1 });
    private readonly Corpus _corpus = new([new Document("handbook.txt", SampleText.Handbook)]);
    private Lexicon _lexicon = null!;
    private Asker _asker = null!;

    public async Task InitializeAsync()
    {
        _lexicon = new Lexicon(_corpus);
        TextEncoder encoder = new(_corpus, _lexicon);
        EncodedSequence text = await EncodedSequence.AppendAsync(_client, "handbook", encoder, 1024, new ProgressSteps(), default);
        _asker = new Asker(_corpus, _lexicon, text);
    }

    public async Task DisposeAsync() => await _client.DisposeAsync();

    [Theory]
    [MemberData(nameof(SampleText.Questions), MemberType = typeof(SampleText))]
    public async Task The_first_passage_answers(string question, string expected)
    {
        Answer answer = await _asker.AskAsync(question, default);
        string found = string.Join(" ", Text(answer.Passages[0]).Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries));
        Assert.Contains(expected, found, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Shares_are_parts_of_one_in_falling_order_and_never_count_a_token_twice()
    {
        foreach ((string question, string _) in SampleText.Questions.Select(static row => ((string)row[0], (string)row[1])))
        {
            Answer answer = await _asker.AskAsync(question, default);
            double[] shares = [.. answer.Passages.Select(static p => p.Share)];
            Assert.Equal(shares.OrderDescending(), shares);
            Assert.InRange(answer.Passages.Sum(static p => p.ShareWithLikes) + answer.Mass.StartShare, 0, 1 + 1e-5);
            double all = answer.Mass.StartShare + answer.Mass.ByToken(_corpus).Sum();
            Assert.Equal(1, all, 1e-4);
            HashSet<int> tokens = [];
            Assert.All(answer.Passages.Concat(answer.Passages.SelectMany(static p => p.Likes)), passage =>
                Assert.All(Enumerable.Range(passage.FirstToken, passage.EndToken - passage.FirstToken), token => Assert.True(tokens.Add(token))));
        }
    }

    [Fact]
    public async Task Function_words_hardly_move_the_answer()
    {
        Answer bare = await _asker.AskAsync("rockets fired", default);
        Answer wordy = await _asker.AskAsync("What is it that they say about the rockets, and which of them are to be fired?", default);
        Assert.Equal(bare.Passages[0].FirstLine, wordy.Passages[0].FirstLine);
        Question question = Question.Read("Which of the rockets are fired?", _lexicon);
        double[] shares = question.RowShares();
        Assert.Equal(1, shares.Sum(), 1e-9);
        Assert.True(shares[3] + shares[5] > 0.9, string.Join(' ', shares));
    }

    [Fact]
    public async Task What_the_text_does_not_hold_is_said_and_attended_to_nowhere()
    {
        Answer answer = await _asker.AskAsync("quantum xylophones", default);
        Assert.Equal(["quantum", "xylophones"], answer.Question.UnknownWords);
        Assert.InRange(answer.Mass.StartShare, 0.9, 1.0001);
    }

    [Fact]
    public void A_word_is_read_as_its_nearest_form()
    {
        Question question = Question.Read("Licences for lenses: is vineger publishd?", new Lexicon(new Corpus([new Document("t", "The license of a lens. Vinegar is published.")])));
        Assert.Equal(["license", null, "lens", null, null, "vinegar", "published", null], question.Words.Select(static w => w.ReadAs));
    }

    private string Text(Passage passage)
    {
        int start = _corpus.LineSpan(passage.Document, passage.FirstLine).Start;
        return _corpus.Documents[passage.Document].Text[start.._corpus.LineSpan(passage.Document, passage.LastLine).End];
    }
}
