using System.Text;
using DistAttention.Cli.Demo.Documents;
using DistAttention.Cli.Shell;

namespace DistAttention.Cli.Tests.Demo;

/// <summary>Files and folders as people have them.</summary>
public sealed class DocumentTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("distattn-demo-tests-").FullName;
    private readonly List<string> _notes = [];

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public void A_folder_gives_its_text_files_in_order_and_says_what_it_leaves_out()
    {
        Write("b.txt", "bee");
        Write("a/z.txt", "zed");
        Write("a.txt", "\uFEFFay");
        Write("empty.txt", "");
        File.WriteAllBytes(Path.Combine(_folder, "picture.png"), [0x89, 0x50, 0, 1]);
        IReadOnlyList<Document> documents = DocumentLoader.Load([_folder], _notes.Add, default);
        Assert.Equal(["a.txt=ay", $"{Path.Combine("a", "z.txt")}=zed", "b.txt=bee"], documents.Select(static d => $"{d.Name}={d.Text}"));
        Assert.Contains("1 binary file (picture.png)", Assert.Single(_notes), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("abc\u00FF", 3)]
    [InlineData("\u00C3(", 0)]
    [InlineData("ok\u00ED\u00A0\u0080", 2)]
    public void A_byte_that_is_not_UTF8_is_named(string latin1, int offset)
    {
        string path = Path.Combine(_folder, "bad.txt");
        File.WriteAllBytes(path, Encoding.Latin1.GetBytes(latin1));
        CliException error = Assert.Throws<CliException>(() => DocumentLoader.Load([path], _notes.Add, default));
        Assert.Contains(path, error.Message, StringComparison.Ordinal);
        Assert.Contains($"byte {offset} ", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Missing_and_empty_documents_are_named()
    {
        Assert.Contains("no such file", Assert.Throws<CliException>(() => DocumentLoader.Load(["/nowhere/x"], _notes.Add, default)).Message, StringComparison.Ordinal);
        Assert.Contains("nothing to attend to", Assert.Throws<CliException>(() => new Corpus([new Document("e", " \n ")])).Message, StringComparison.Ordinal);
        Assert.Contains("no text file", Assert.Throws<CliException>(() => DocumentLoader.Load([_folder], _notes.Add, default)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void The_notices_of_this_NET_are_found()
    {
        Assert.True(File.Exists(DefaultDocument.Find()));
    }

    [Fact]
    public void Lines_are_found_whatever_ends_them()
    {
        Corpus corpus = new([new Document("t", "one\r\ntwo\rthree\n\nfive\u2028six")]);
        Assert.Equal(6, corpus.LineCount(0));
        Assert.Equal(
            ["one", "two", "three", "", "five", "six"],
            Enumerable.Range(1, 6).Select(line => corpus.LineSpan(0, line)).Select(span => corpus.Documents[0].Text[span.Start..span.End]));
        Assert.Equal([1, 2, 3, 5, 6], corpus.Tokens.ToArray().Select(static t => t.Line));
    }

    private void Write(string name, string text)
    {
        string path = Path.Combine(_folder, name);
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        File.WriteAllText(path, text);
    }
}
