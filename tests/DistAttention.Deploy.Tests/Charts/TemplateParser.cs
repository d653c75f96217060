using System.Globalization;

namespace DistAttention.Deploy.Tests.Charts;

/// <summary>
/// Parses the part of Go's template language that the chart uses: values, pipes, variables, if, with, range, define, and Files.Get. Anything else is
/// an error, so that the chart cannot grow beyond what its tests understand.
/// </summary>
internal sealed class TemplateParser
{
    private readonly List<Token> _tokens;
    private int _at;

    private TemplateParser(string template) => _tokens = [.. TemplateLexer.Tokens(template)];

    private Token Current => _at < _tokens.Count ? _tokens[_at] : throw new TemplateException("the template ends early");

    /// <exception cref="TemplateException">It is not understood.</exception>
    public static IReadOnlyList<Node> Parse(string template)
    {
        TemplateParser parser = new(template);
        List<Node> nodes = parser.Nodes(out string end);
        return end.Length == 0 ? nodes : throw new TemplateException($"'{end}' closes nothing");
    }

    /// <summary>Up to <c>end</c> or <c>else</c>, which is taken up to behind the word, or to the end of the text.</summary>
    private List<Node> Nodes(out string end)
    {
        List<Node> nodes = [];
        while (_at < _tokens.Count)
        {
            Token token = _tokens[_at++];
            if (token.Kind == TokenKind.Text)
            {
                nodes.Add(new Node.Text(token.Text));
                continue;
            }

            if (Current is { Kind: TokenKind.Word, Text: "end" or "else" })
            {
                end = _tokens[_at++].Text;
                return nodes;
            }

            nodes.Add(Action());
        }

        end = "";
        return nodes;
    }

    private Node Action()
    {
        if (Current.Kind == TokenKind.Word)
        {
            switch (Current.Text)
            {
                case "if":
                    _at++;
                    return Branches(static (condition, then, otherwise) => new Node.If(condition, then, otherwise));
                case "with":
                    _at++;
                    return Branches(static (value, then, otherwise) => new Node.With(value, then, otherwise));
                case "range":
                    _at++;
                    return Range();
                case "define":
                    _at++;
                    string name = Take(TokenKind.String).Text;
                    Take(TokenKind.Close);
                    return new Node.Define(name, Body());
            }
        }

        if (Current.Kind == TokenKind.Variable && _tokens[_at + 1] is { Kind: TokenKind.Sign, Text: ":=" or "=" })
        {
            string variable = Take(TokenKind.Variable).Text;
            _at++;
            Expression value = Pipeline();
            Take(TokenKind.Close);
            return new Node.Assign(variable, value);
        }

        Expression print = Pipeline();
        Take(TokenKind.Close);
        return new Node.Print(print);
    }

    private Node Branches(Func<Expression, List<Node>, List<Node>, Node> make)
    {
        Expression condition = Pipeline();
        Take(TokenKind.Close);
        List<Node> then = Nodes(out string end);
        if (end == "end")
        {
            Take(TokenKind.Close);
            return make(condition, then, []);
        }

        Require(end == "else", "a branch has no end");
        if (Current is { Kind: TokenKind.Word, Text: "if" })
        {
            return make(condition, then, [Action()]); // the inner one takes the end of both
        }

        Take(TokenKind.Close);
        return make(condition, then, Body());
    }

    private Node.Range Range()
    {
        string? key = null;
        string? item = null;
        if (Current.Kind == TokenKind.Variable && _tokens[_at + 1] is { Kind: TokenKind.Sign, Text: "," or ":=" })
        {
            item = Take(TokenKind.Variable).Text;
            if (Current.Text == ",")
            {
                _at++;
                key = item;
                item = Take(TokenKind.Variable).Text;
            }

            Require(Current.Text == ":=", "a range gives its variables no value");
            _at++;
        }

        Expression value = Pipeline();
        Take(TokenKind.Close);
        return new Node.Range(value, key, item, Body());
    }

    private List<Node> Body()
    {
        List<Node> body = Nodes(out string end);
        Require(end == "end", $"'{end}' where an end should be");
        Take(TokenKind.Close);
        return body;
    }

    private Expression Pipeline()
    {
        Expression value = Command();
        while (Current is { Kind: TokenKind.Sign, Text: "|" })
        {
            _at++;
            value = Command() switch
            {
                Expression.Call call => call with { Arguments = [.. call.Arguments, value] },
                _ => throw new TemplateException("a pipe leads to what is no function"),
            };
        }

        return value;
    }

    private Expression Command()
    {
        if (Current.Kind == TokenKind.Word && Current.Text is not ("true" or "false"))
        {
            string name = Take(TokenKind.Word).Text;
            List<Expression> arguments = [];
            while (Current.Kind is not TokenKind.Close && Current is not { Kind: TokenKind.Sign, Text: "|" or ")" })
            {
                arguments.Add(Operand());
            }

            return new Expression.Call(name, arguments);
        }

        Expression operand = Operand();
        return operand is Expression.Path { From: Expression.Dot, Fields: ["Files", "Get"] } ? new Expression.FileText(Operand()) : operand;
    }

    private Expression Operand()
    {
        Token token = _tokens[_at++];
        Expression start = token.Kind switch
        {
            TokenKind.Field => new Expression.Dot(),
            TokenKind.Variable => new Expression.Variable(token.Text),
            TokenKind.String => new Expression.Literal(token.Text),
            TokenKind.Number => new Expression.Literal(long.Parse(token.Text, CultureInfo.InvariantCulture)),
            TokenKind.Word when token.Text is "true" or "false" => new Expression.Literal(token.Text == "true"),
            TokenKind.Word => new Expression.Call(token.Text, []),
            TokenKind.Sign when token.Text == "(" => Parenthesis(),
            _ => throw new TemplateException($"'{token.Text}' where a value should be"),
        };
        List<string> fields = token is { Kind: TokenKind.Field, Text.Length: > 0 } ? [token.Text] : [];
        while (Current is { Kind: TokenKind.Field, IsAttached: true })
        {
            fields.Add(_tokens[_at++].Text);
        }

        return fields.Count == 0 ? start : new Expression.Path(start, fields);
    }

    private Expression Parenthesis()
    {
        Expression inner = Pipeline();
        Require(Current.Text == ")", "a parenthesis has no end");
        _at++;
        return inner;
    }

    private Token Take(TokenKind kind)
    {
        Require(Current.Kind == kind, $"'{Current.Text}' where a {kind} should be");
        return _tokens[_at++];
    }

    private static void Require(bool holds, string problem)
    {
        if (!holds)
        {
            throw new TemplateException(problem);
        }
    }
}
