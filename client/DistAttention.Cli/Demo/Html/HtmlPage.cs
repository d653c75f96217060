using System.Globalization;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Unicode;
using DistAttention.Cli.Demo.Asking;
using DistAttention.Cli.Demo.Documents;
using DistAttention.Cli.Demo.Reporting;
using DistAttention.Cli.Demo.Running;
using DistAttention.Cli.Output;

namespace DistAttention.Cli.Demo.Html;

/// <summary>
/// The report as one page that needs nothing else: words and passages as HTML, pictures drawn by a script from numbers in
/// the page. All text of documents and questions goes through <see cref="Escape"/> or through JSON that escapes '&lt;'.
/// </summary>
internal sealed class HtmlPage
{
    private static readonly HtmlEncoder _encoder = HtmlEncoder.Create(UnicodeRanges.All);

    private readonly DemoReport _report;
    private readonly StringBuilder _html = new();

    private HtmlPage(DemoReport report) => _report = report;

    public static string Of(DemoReport report)
    {
        HtmlPage page = new(report);
        page.Write();
        return page._html.ToString();
    }

    /// <summary>Text as HTML shows it, in elements and in quoted attributes.</summary>
    public static string Escape(string text) => _encoder.Encode(text);

    private void Write()
    {
        string title = $"Attention over {Places.TextName(_report.Corpus)}";
        _html.Append(
            $"""
            <!doctype html>
            <html lang="en">
            <head>
            <meta charset="utf-8">
            <meta name="viewport" content="width=device-width, initial-scale=1">
            <meta name="color-scheme" content="light dark">
            <meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'">
            <title>{Escape(title)}</title>
            <style>{PageStyle.Css}</style>
            </head>
            <body>
            <main>
            <header>
            <h1>{Escape(title)}</h1>
            <p class="lead">Every one of {Number(_report.Corpus.TokenCount)} tokens attended to every token before it, exactly. Then questions were asked of the text: below is where their attention went.</p>
            </header>

            """);
        WriteCards();
        for (int i = 0; i < _report.Answers.Count; i++)
        {
            WriteAnswer(_report.Answers[i], i);
        }

        WriteOverview();
        WriteFigures();
        _html.Append("</main>\n<script id=\"data\" type=\"application/json\">")
            .Append(PageData.Of(_report).ToJsonString(JsonSerializerOptions.Default)) // the default encoder escapes '<'
            .Append("</script>\n<script>")
            .Append(PageScript.JavaScript)
            .Append("</script>\n</body>\n</html>\n");
    }

    private void WriteCards()
    {
        _html.Append("<dl class=\"cards\">\n");
        Card("tokens", Number(_report.Corpus.TokenCount), _report.Corpus.Repetitions > 1 ? "the text read again and again" : $"{Number(_report.Lexicon.Count)} different");
        Card("self-attention", Units.Duration(_report.SelfAttention.Time), $"{Units.Flops(_report.FlopsPerSecond)}/s");
        Card("largest error", _report.Check.OutputError.ToString("0.0e+0", CultureInfo.InvariantCulture), $"{_report.Check.Rows} rows against float64");
        Card("peak memory", Units.Bytes(_report.PeakBytes), $"not {Units.Bytes(_report.MatrixBytes)} of weights");
        _html.Append("</dl>\n");
    }

    private void Card(string name, string value, string note) =>
        _html.Append($"<div><dt>{Escape(name)}</dt><dd><b>{Escape(value)}</b><small>{Escape(note)}</small></dd></div>\n");

    private void WriteAnswer(Answer answer, int index)
    {
        PassageLines lines = new(_report.Corpus, _report.Lexicon, answer);
        _html.Append($"<section>\n<h2>{Escape(answer.Question.Text)}</h2>\n<p class=\"notes\">{Escape(string.Join(" · ", Notes.Of(answer)))}</p>\n");
        _html.Append($"<figure class=\"map\" data-question=\"{index}\"><canvas tabindex=\"0\" aria-label=\"Heat map of attention over the text, a row per head\"></canvas>");
        _html.Append("<div class=\"tools\"><button type=\"button\" data-do=\"out\" aria-label=\"zoom out\">−</button><button type=\"button\" data-do=\"in\" aria-label=\"zoom in\">+</button><button type=\"button\" data-do=\"all\">all</button><output></output></div></figure>\n");
        _html.Append("<ol class=\"passages\">\n");
        double most = answer.Passages.Count > 0 ? answer.Passages[0].Share : 1;
        for (int i = 0; i < answer.Passages.Count; i++)
        {
            WritePassage(answer.Passages[i], lines, most, index, i);
        }

        _html.Append("</ol>\n");
        _html.Append("</section>\n");
    }

    private void WritePassage(Passage passage, PassageLines lines, double most, int question, int index)
    {
        string width = (passage.Share / most * 100).ToString("0.#", CultureInfo.InvariantCulture);
        string likes = Places.OfLikes(passage, _report.Corpus) is { } text ? $"<small>{Escape(text)}</small>" : "";
        _html.Append($"<li><div class=\"head\"><b>{Places.Percent(passage.Share).Replace("<", "&lt;")}</b><span class=\"bar\"><i style=\"width:{width}%\"></i></span>");
        _html.Append($"<button type=\"button\" class=\"place\" data-question=\"{question}\" data-passage=\"{index}\">{Escape(Places.Of(passage, _report.Corpus))}</button>{likes}</div>\n<div class=\"text\">");
        foreach (PassageLine line in lines.Of(passage))
        {
            _html.Append($"<div{(line.IsContext ? " class=\"context\"" : "")}><span class=\"number\">{Number(line.Number)}</span><span>");
            foreach (TextRun run in line.Runs)
            {
                _html.Append(run.IsMatch ? $"<mark>{Escape(run.Text)}</mark>" : Escape(run.Text));
            }

            _html.Append("</span></div>\n");
        }

        _html.Append("</div></li>\n");
    }

    private void WriteOverview()
    {
        if (_report.Overview is null)
        {
            return;
        }

        _html.Append("<section id=\"overview\">\n<h2>The text attending to itself</h2>\n<p class=\"notes\">Down: the tokens that attend. Across: the tokens attended to; nothing lies right of the diagonal, because no token sees what comes after it. Lines off the diagonal are passages that repeat earlier ones. Four rows of each bin were looked at.</p>\n<div class=\"heads\">");
        for (int h = 0; h < _report.Heads.Count; h++)
        {
            _html.Append($"<button type=\"button\" data-head=\"{h}\">{Escape(_report.Heads[h].Name)}</button>");
        }

        _html.Append("</div>\n<figure class=\"matrix\"><canvas aria-label=\"Matrix of attention between parts of the text\"></canvas><output></output></figure>\n</section>\n");
    }

    private void WriteFigures()
    {
        _html.Append("<section>\n<h2>Figures</h2>\n<table>\n");
        foreach ((string name, string value) in Notes.Figures(_report))
        {
            _html.Append($"<tr><th>{Escape(name)}</th><td>{Escape(value)}</td></tr>\n");
        }

        foreach (Document document in _report.Corpus.Documents.Take(20))
        {
            _html.Append($"<tr><th>document</th><td>{Escape(document.Name)}</td></tr>\n");
        }

        _html.Append($"<tr><th>SHA-256 of o</th><td class=\"digest\">{_report.SelfAttention.OutputDigest}</td></tr>\n<tr><th>SHA-256 of lse</th><td class=\"digest\">{_report.SelfAttention.LseDigest}</td></tr>\n</table>\n<h3>The heads</h3>\n<table>\n");
        foreach (Encoding.EncoderHead head in _report.Heads)
        {
            _html.Append($"<tr><th>{Escape(head.Name)}</th><td>{Escape(head.About)}</td></tr>\n");
        }

        _html.Append("</table>\n<p class=\"notes\">Nothing here is learned. Queries, keys and values are hashed features of the words, weighted by how rare they are in this text; what is shown is what exact attention does with them.</p>\n</section>\n");
    }

    private static string Number(int value) => value.ToString("N0", CultureInfo.InvariantCulture);
}
