using System.CommandLine;
using System.Runtime.CompilerServices;
using DistAttention.Cli.Arguments;
using DistAttention.Cli.Connecting;
using DistAttention.Cli.Demo.Documents;
using DistAttention.Cli.Demo.Html;
using DistAttention.Cli.Demo.Reporting;
using DistAttention.Cli.Demo.Running;
using DistAttention.Cli.Demo.Tokens;
using DistAttention.Cli.Output;
using DistAttention.Cli.Shell;

namespace DistAttention.Cli.Demo;

/// <summary><c>distattn demo</c>: exact attention over every token of a long text, and what it finds there.</summary>
internal static class DemoCommand
{
    /// <summary>Tokens whose positions an int still counts, with room.</summary>
    private const int MaxTokens = 1 << 30;

    public static Verb Create(CliConsole console)
    {
        Option<string[]> documents = new("--document") { HelpName = "PATH", Description = "UTF-8 text file, or folder of them; several are read one after the other. Default: the ThirdPartyNotices.txt of the .NET installation.", AllowMultipleArgumentsPerToken = true };
        Option<string[]> questions = new("--ask") { HelpName = "TEXT", Description = "What to look for; give it again for more questions. Default: four questions to the default document." };
        Option<int?> tokens = Parsed.Option<int?>("--tokens", "N", "Use N tokens: the first ones, or the text again and again. Default: all of the text once.", static text => (int)Parsed.WholeNumber(1, MaxTokens)(text));
        Option<string?> html = new("--html") { HelpName = "FILE", Description = "Also write the report as one page for a browser, with maps to zoom into." };
        ConnectionArguments connection = new(silosUnlessTold: 3);
        Option<int?> shardLength = Parsed.Option<int?>("--shard-length", "N", "Positions per shard, a power of two from 1,024. Changes no bit of the result. Default: 16,384, or what gives every silo a share.", static text => ShardLength(text));
        Option<bool> json = new("--json") { Description = "Everything as JSON on stdout, with digests of the result bits." };

        Verb verb = new(
            "demo",
            "Runs exact attention over every token of a long text, checks it, and asks the text questions. Nothing is learned: words are hashed.",
            new Example("the notices that come with .NET", "distattn demo"),
            new Example("your own text, and a page to look around in", "distattn demo --document book.txt --ask \"Who is the captain?\" --html book.html"),
            new Example("how it scales", "distattn demo --tokens 100000"));
        questions.Validators.Add(static result =>
        {
            if (result.Tokens.Any(static token => Tokenizer.Tokenize(token.Value).Count == 0))
            {
                result.AddError("--ask: a question needs at least one word");
            }
        });
        Option[] all = [documents, questions, tokens, html, shardLength, json];
        foreach (Option option in all)
        {
            verb.Add(option);
        }

        connection.AddTo(verb);
        verb.SetAction(async (parsed, cancellationToken) =>
        {
            DemoSettings settings = Settle(new DemoSettings
            {
                DocumentPaths = parsed.GetValue(documents) ?? [],
                Questions = parsed.GetValue(questions) ?? [],
                TokenCount = parsed.GetValue(tokens),
                ShardLength = parsed.GetValue(shardLength),
                WithOverview = parsed.GetValue(html) is not null,
            });
            using PageFile? page = parsed.GetValue(html) is { } path ? PageFile.Create(path, settings.DocumentPaths) : null;
            IReadOnlyList<Document> texts = DocumentLoader.Load(settings.DocumentPaths, console.Note, cancellationToken);
            IAttentionHost host = await connection.OpenAsync(parsed, console, cancellationToken).ConfigureAwait(false);
            await using ConfiguredAsyncDisposable ending = host.ConfigureAwait(false);
            DemoReport report = await console.WithProgressAsync(steps => DemoRun.RunAsync(settings, texts, host, steps, cancellationToken)).ConfigureAwait(false);
            page?.Publish(HtmlPage.Of(report));
            if (parsed.GetValue(json))
            {
                console.WriteJson(JsonReport.Of(report));
            }
            else
            {
                new TerminalReport(report, console.Out).Write();
            }

            return report.Check.IsRight
                ? ExitCode.Ok
                : throw new CliException($"the result is wrong: it is {report.Check.OutputError:0.0e+0} away from float64 in o and {report.Check.LseError:0.0e+0} in lse");
        });
        return verb;
    }

    private static int ShardLength(string text)
    {
        int length = (int)Parsed.WholeNumber(SequenceFormat.RunLength, 1 << 24)(text);
        return int.IsPow2(length) ? length : throw new FormatException($"{length} is not a power of two");
    }

    /// <summary>Fills in what was not said.</summary>
    private static DemoSettings Settle(DemoSettings given)
    {
        if (given.DocumentPaths.Count > 0)
        {
            return given;
        }

        return given with
        {
            DocumentPaths = [DefaultDocument.Find()],
            Questions = given.Questions.Count > 0 ? given.Questions : DefaultDocument.Questions,
        };
    }
}
