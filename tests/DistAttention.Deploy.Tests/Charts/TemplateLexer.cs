using System.Text.RegularExpressions;

namespace DistAttention.Deploy.Tests.Charts;

/// <summary>Cuts a template of Go's text/template into tokens. A hyphen inside the braces takes away the white space outside of them; comments leave nothing.</summary>
internal static partial class TemplateLexer
{
    public static IEnumerable<Token> Tokens(string template)
    {
        int at = 0;
        bool trim = false;
        foreach (Match action in Action().Matches(template))
        {
            yield return new(TokenKind.Text, Outside(template[at..action.Index], trim, action.Groups["left"].Success));
            trim = action.Groups["right"].Success;
            at = action.Index + action.Length;
            string inside = action.Groups["inside"].Value;
            if (!inside.TrimStart().StartsWith("/*", StringComparison.Ordinal))
            {
                yield return new(TokenKind.Open, "{{");
                foreach (Token token in Inside(inside))
                {
                    yield return token;
                }

                yield return new(TokenKind.Close, "}}");
            }
        }

        yield return new(TokenKind.Text, Outside(template[at..], trim, trimEnd: false));
    }

    private static string Outside(string text, bool trimStart, bool trimEnd)
    {
        text = trimStart ? text.TrimStart() : text;
        return trimEnd ? text.TrimEnd() : text;
    }

    private static IEnumerable<Token> Inside(string text)
    {
        int at = 0;
        int end = 0;
        while (at < text.Length)
        {
            if (char.IsWhiteSpace(text[at]))
            {
                at++;
                continue;
            }

            Match match = Piece().Match(text, at);
            if (!match.Success || match.Index != at)
            {
                throw new TemplateException($"'{text[at..]}' is not understood");
            }

            Group group = match.Groups.Cast<Group>().Skip(1).First(static g => g.Success);
            string value = group.Value;
            yield return group.Name switch
            {
                "word" => new(TokenKind.Word, value),
                "field" => new(TokenKind.Field, value[1..], at == end && at > 0),
                "variable" => new(TokenKind.Variable, value[1..]),
                "string" => new(TokenKind.String, Regex.Unescape(value[1..^1])),
                "number" => new(TokenKind.Number, value),
                _ => new(TokenKind.Sign, value),
            };
            at = end = at + match.Length;
        }
    }

    [GeneratedRegex(@"\{\{(?<left>-(?=\s))?(?<inside>(/\*.*?\*/|""(\\.|[^""\\])*""|[^""])*?)(?<right>(?<=\s|\*/)\s*-)?\}\}", RegexOptions.Singleline)]
    private static partial Regex Action();

    [GeneratedRegex(@"(?<word>[A-Za-z_]\w*)|(?<field>\.[A-Za-z_]\w*|\.)|(?<variable>\$\w*)|(?<string>""(\\.|[^""\\])*"")|(?<number>-?\d+)|(?<sign>:=|[()|,=])", RegexOptions.ExplicitCapture)]
    private static partial Regex Piece();
}
