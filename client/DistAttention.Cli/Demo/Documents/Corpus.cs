using DistAttention.Cli.Demo.Tokens;
using DistAttention.Cli.Shell;

namespace DistAttention.Cli.Demo.Documents;

/// <summary>
/// The documents of one run as one row of positions. Position 0 is the start of the text, which holds no token: what a
/// query attends to when it finds nothing (see <see cref="Encoding.TextEncoder"/>). Token i stands at position i + 1.
/// </summary>
internal sealed class Corpus
{
    private readonly Token[] _tokens;
    private readonly Dictionary<int, int[]> _lineStarts = [];

    /// <param name="documents">The texts, in order.</param>
    /// <param name="tokenCount">How many tokens to use; null for all. More than there are: the text is read again from its start.</param>
    /// <exception cref="CliException">There is no token at all.</exception>
    public Corpus(IReadOnlyList<Document> documents, int? tokenCount = null)
    {
        Documents = documents;
        List<Token> tokens = [];
        for (int i = 0; i < documents.Count; i++)
        {
            tokens.AddRange(Tokenizer.Tokenize(documents[i].Text, i));
        }

        if (tokens.Count == 0)
        {
            throw new CliException($"{documents[0].Name} is empty: there is nothing to attend to.");
        }

        TextTokenCount = tokens.Count;
        TokenCount = tokenCount ?? tokens.Count;
        _tokens = [.. tokens.Take(TokenCount)];
    }

    public IReadOnlyList<Document> Documents { get; }

    /// <summary>Tokens the text has.</summary>
    public int TextTokenCount { get; }

    /// <summary>Tokens in use, repetitions included.</summary>
    public int TokenCount { get; }

    /// <summary>Positions in use: the tokens and the start.</summary>
    public int PositionCount => TokenCount + 1;

    /// <summary>The tokens in use, each once.</summary>
    public ReadOnlySpan<Token> Tokens => _tokens;

    /// <summary>How often the text is read; 1 unless more tokens are asked for than it has.</summary>
    public double Repetitions => (double)TokenCount / _tokens.Length;

    /// <summary>Which token stands at a position; −1 for the start.</summary>
    public int TokenIndexAt(int position) => position == 0 ? -1 : (position - 1) % _tokens.Length;

    /// <summary>The token's characters.</summary>
    public ReadOnlySpan<char> TextOf(in Token token) => Documents[token.Document].Text.AsSpan(token.Start, token.Length);

    /// <summary>A line of a document without its end.</summary>
    /// <param name="document">Index of the document.</param>
    /// <param name="line">Line, from 1.</param>
    public TextSpan LineSpan(int document, int line)
    {
        string text = Documents[document].Text;
        int[] starts = LineStarts(document);
        int start = starts[line - 1];
        int end = line < starts.Length ? starts[line] : text.Length;
        while (end > start && text[end - 1] is '\n' or '\r' or '\u0085' or '\u2028' or '\u2029')
        {
            end--;
        }

        return new TextSpan(start, end);
    }

    /// <summary>Lines of a document.</summary>
    public int LineCount(int document) => LineStarts(document).Length;

    private int[] LineStarts(int document)
    {
        if (!_lineStarts.TryGetValue(document, out int[]? starts))
        {
            string text = Documents[document].Text;
            List<int> found = [0];
            for (int i = 0; i < text.Length; i++)
            {
                if (Tokenizer.IsLineBreak(text, i))
                {
                    found.Add(i + 1);
                }
            }

            _lineStarts[document] = starts = [.. found];
        }

        return starts;
    }
}
