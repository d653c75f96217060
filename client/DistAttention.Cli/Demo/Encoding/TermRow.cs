using DistAttention.Cli.Demo.Documents;

namespace DistAttention.Cli.Demo.Encoding;

/// <summary>Terms in a row, as the encoder reads them: a corpus or a question.</summary>
internal abstract class TermRow
{
    /// <summary>What stands where there is no term.</summary>
    public const int None = -1;

    /// <summary>Positions.</summary>
    public abstract int Length { get; }

    /// <summary>The term at a position, or <see cref="None"/>.</summary>
    public abstract int this[int position] { get; }

    /// <summary>The positions of a corpus; its start holds no term.</summary>
    public static TermRow Of(Corpus corpus, Lexicon lexicon) => new CorpusRow(corpus, lexicon);

    /// <summary>Terms as listed.</summary>
    public static TermRow Of(IReadOnlyList<int> terms) => new ListRow(terms);

    private sealed class CorpusRow(Corpus corpus, Lexicon lexicon) : TermRow
    {
        public override int Length => corpus.PositionCount;

        public override int this[int position] => position == 0 ? None : lexicon.TermOfToken(corpus.TokenIndexAt(position));
    }

    private sealed class ListRow(IReadOnlyList<int> terms) : TermRow
    {
        public override int Length => terms.Count;

        public override int this[int position] => terms[position];
    }
}
