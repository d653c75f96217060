using System.Globalization;
using DistAttention.Cli.Demo.Asking;
using DistAttention.Cli.Demo.Documents;

namespace DistAttention.Cli.Demo.Reporting;

/// <summary>Says where something stands: lines, and the document where there are several.</summary>
internal static class Places
{
    private const int MaxLikesNamed = 3;

    /// <summary>"lines 204–207" or "notes/a.txt, line 3".</summary>
    public static string Of(Passage passage, Corpus corpus)
    {
        string lines = passage.FirstLine == passage.LastLine
            ? string.Create(CultureInfo.InvariantCulture, $"line {passage.FirstLine:N0}")
            : string.Create(CultureInfo.InvariantCulture, $"lines {passage.FirstLine:N0}–{passage.LastLine:N0}");
        return corpus.Documents.Count == 1 ? lines : $"{Clean(corpus.Documents[passage.Document].Name)}, {lines}";
    }

    /// <summary>"and 3 like it (lines 86, 121, 152): 22 % together"; null where there are none.</summary>
    public static string? OfLikes(Passage passage, Corpus corpus)
    {
        if (passage.Likes.Count == 0)
        {
            return null;
        }

        bool sameDocument = passage.Likes.All(like => like.Document == passage.Document);
        IEnumerable<string> named = passage.Likes.Take(MaxLikesNamed).Select(like => sameDocument
            ? like.FirstLine.ToString("N0", CultureInfo.InvariantCulture)
            : string.Create(CultureInfo.InvariantCulture, $"{Clean(Path.GetFileName(corpus.Documents[like.Document].Name))}:{like.FirstLine}"));
        string where = $"{(!sameDocument ? "" : passage.Likes.Count == 1 ? "line " : "lines ")}{string.Join(", ", named)}{(passage.Likes.Count > MaxLikesNamed ? ", …" : "")}";
        return $"and {passage.Likes.Count:N0} like it ({where}): {Percent(passage.ShareWithLikes)} together";
    }

    /// <summary>"45 %", "4.2 %", "&lt; 0.1 %".</summary>
    public static string Percent(double share) => share switch
    {
        >= 0.0995 => string.Create(CultureInfo.InvariantCulture, $"{share * 100:0} %"),
        >= 0.001 => string.Create(CultureInfo.InvariantCulture, $"{share * 100:0.0} %"),
        > 0 => "< 0.1 %",
        _ => "0 %",
    };

    /// <summary>The text as one name: the file's, or how many there are.</summary>
    public static string TextName(Corpus corpus) => corpus.Documents.Count == 1
        ? Clean(Path.GetFileName(corpus.Documents[0].Name))
        : string.Create(CultureInfo.InvariantCulture, $"{corpus.Documents.Count:N0} documents");

    /// <summary>File names may hold anything; what a terminal would obey is shown as a question mark.</summary>
    public static string Clean(string name) => string.Concat(name.Select(static c => char.IsControl(c) ? '?' : c));
}
