namespace DistAttention;

/// <summary>The terms of the text form: what each name takes and makes.</summary>
internal static class MaskTerms
{
    private static readonly Dictionary<string, Func<MaskArguments, AttentionMask>> _terms = new(StringComparer.Ordinal)
    {
        ["full"] = static _ => AttentionMask.Full,
        ["none"] = static _ => AttentionMask.None,
        ["causal"] = static _ => AttentionMask.Causal,
        ["window"] = Window,
        ["last"] = static a => AttentionMask.LastPositions(a.Number("count")),
        ["chunk"] = static a => AttentionMask.Chunked(a.Number("length"), a.NamedNumber("back") ?? 0, a.NamedNumber("ahead") ?? 0),
        ["prefix"] = static a => AttentionMask.Prefix(a.Number("count")),
        ["first"] = static a => AttentionMask.FirstPositions(a.Number("count")),
        ["streaming"] = static a => AttentionMask.Streaming(a.Number("sinks"), a.Number("window")),
        ["dilated"] = static a => AttentionMask.Dilated(a.Number("stride"), a.NumberOrNull("offset") ?? 0),
        ["keys"] = static a => AttentionMask.Keys(a.Positions(a.Require("positions"))),
        ["queries"] = static a => AttentionMask.Queries(a.Positions(a.Require("positions"))),
        ["global"] = Global,
        ["longformer"] = Longformer,
        ["bigbird"] = static a => AttentionMask.BigBird(
            a.Int("window"), a.NamedInt("global") ?? 0, a.NamedInt("random") ?? 0, a.Seed("seed"), a.NamedNumber("block") ?? 64, a.NamedNumber("length")),
        ["random"] = static a => new RandomBlocksMask(
            a.Number("block"), a.Int("count"), a.Seed("seed"), a.NamedNumber("length"), a.NamedNumber("reach") ?? 0, a.NamedNumber("first") ?? 0),
        ["image"] = Image,
    };

    private static readonly Dictionary<string, Func<MaskArguments, IMaskFiles, AttentionMask>> _fileTerms = new(StringComparer.Ordinal)
    {
        ["segments"] = Segments,
        ["graph"] = Graph,
        ["blocks"] = Blocks,
        ["bits"] = Bits,
    };

    public static bool IsKnown(string name) => _terms.ContainsKey(name) || _fileTerms.ContainsKey(name);

    /// <summary>The name that was perhaps meant, or all names.</summary>
    public static string Suggestion(string name)
    {
        string nearest = Names().MinBy(known => Distance(name, known))!;
        return Distance(name, nearest) <= 2 ? $"did you mean '{nearest}'?" : $"masks are {string.Join(", ", Names())}";
    }

    public static AttentionMask Make(string name, MaskArguments arguments, IMaskFiles? files)
    {
        AttentionMask mask = _terms.TryGetValue(name, out Func<MaskArguments, AttentionMask>? make)
            ? make(arguments)
            : _fileTerms[name](arguments, files ?? NoFiles.Instance(arguments));
        arguments.End();
        return mask;
    }

    private static IEnumerable<string> Names() => _terms.Keys.Concat(_fileTerms.Keys);

    private static AttentionMask Window(MaskArguments a)
    {
        MaskValue left = a.Require("left");
        MaskValue? right = a.Take("right");
        return AttentionMask.SlidingWindow(a.Reach(left), a.Reach(right ?? left));
    }

    private static AttentionMask Global(MaskArguments a)
    {
        bool oneSided = a.Flag("onesided");
        return AttentionMask.Global(a.Positions(a.Require("positions")), !oneSided);
    }

    private static AttentionMask Longformer(MaskArguments a)
    {
        bool oneSided = a.Flag("onesided");
        PositionSet? global = a.TakeNamed("global") is { } positions ? a.Positions(positions) : null;
        long dilation = a.NamedNumber("dilation") ?? 1;
        return new LongformerMask(a.Number("window"), global, dilation, !oneSided);
    }

    private static AttentionMask Image(MaskArguments a)
    {
        long start = a.NamedNumber("start") ?? 0;
        bool rows = a.Flag("rows");
        bool columns = a.Flag("columns");
        MaskValue? window = a.TakeNamed("window");
        (int height, int width) = (a.Int("height"), a.Int("width"));
        if ((rows ? 1 : 0) + (columns ? 1 : 0) + (window is null ? 0 : 1) != 1)
        {
            MaskValue at = a.Take("window") ?? window ?? new MaskValue(null, "image", 0, a.PositionOf("image"));
            throw a.Wrong(at with { Text = "image" }, "needs one of window=7, window=7x5, rows and columns");
        }

        if (window is null)
        {
            return AttentionMask.Image(height, width, rows ? 1 : null, rows ? null : 1, start);
        }

        (long? windowHeight, long? windowWidth) = a.Pair(window);
        return AttentionMask.Image(height, width, ToInt(a, window, windowHeight), ToInt(a, window, windowWidth), start);
    }

    private static AttentionMask Segments(MaskArguments a, IMaskFiles files)
    {
        if (a.TakeNamed("indptr") is { } indptr)
        {
            return SegmentsMask.FromIndptr(files.ReadIntegers(indptr.Text), $"indptr={MaskText.Quote(indptr.Text)}");
        }

        MaskValue ids = a.Require("ids");
        if (ids.Text.All(static c => char.IsAsciiDigit(c) || c == ';'))
        {
            int at = ids.At;
            List<long> bounds = [];
            foreach (string bound in ids.Text.Split(';'))
            {
                bounds.Add(a.Whole(ids with { Text = bound, At = at }));
                at += bound.Length + 1;
            }

            return SegmentsMask.FromIndptr([.. bounds]);
        }

        return SegmentsMask.FromIds(files.ReadIntegers(ids.Text), MaskText.Quote(ids.Text));
    }

    private static AttentionMask Graph(MaskArguments a, IMaskFiles files)
    {
        long? at = a.NamedNumber("at");
        MaskValue indptr = a.Require("indptr");
        MaskValue indices = a.Require("indices");
        long[] numbers = files.ReadIntegers(indices.Text);
        int[] positions = new int[numbers.Length];
        for (int i = 0; i < numbers.Length; i++)
        {
            positions[i] = numbers[i] is >= 0 and <= int.MaxValue ? (int)numbers[i] : throw a.Wrong(indices, $"holds {numbers[i]}, which is no position of a graph");
        }

        string source = $"{MaskText.Quote(indptr.Text)},{MaskText.Quote(indices.Text)}{(at is null ? "" : $",at={at}")}";
        long[] starts = files.ReadIntegers(indptr.Text);
        return new GraphMask(files is UnreadFiles ? [0] : starts, positions, at ?? 0, source);
    }

    private static AttentionMask Blocks(MaskArguments a, IMaskFiles files)
    {
        long at = a.NamedNumber("at") ?? files.FirstQueryPosition;
        long kv = a.NamedNumber("kv") ?? 0;
        MaskValue? block = a.TakeNamed("block");
        MaskValue map = a.Require("map");
        (long? rows, long? columns) = block is null ? (64, 64) : a.Pair(block);
        if (rows is null || columns is null)
        {
            throw a.Wrong(block!, "is no size of a block");
        }

        return new BlockSparseMask(files.ReadBits(map.Text), ToInt(a, block!, rows)!.Value, ToInt(a, block!, columns)!.Value, at, kv, map.Text);
    }

    private static AttentionMask Bits(MaskArguments a, IMaskFiles files)
    {
        long at = a.NamedNumber("at") ?? files.FirstQueryPosition;
        long kv = a.NamedNumber("kv") ?? 0;
        MaskValue map = a.Require("bits");
        return new BitMask(files.ReadBits(map.Text), at, kv, map.Text);
    }

    private static int? ToInt(MaskArguments a, MaskValue value, long? number) =>
        number is null ? null : number is >= 0 and <= int.MaxValue ? (int)number : throw a.Wrong(value, "is too large");

    /// <summary>Edits from one word to another (Levenshtein 1966); two neighbours swapped count as two.</summary>
    private static int Distance(string from, string to)
    {
        int[] row = [.. Enumerable.Range(0, to.Length + 1)];
        for (int i = 0; i < from.Length; i++)
        {
            int diagonal = row[0];
            row[0] = i + 1;
            for (int j = 0; j < to.Length; j++)
            {
                int replaced = diagonal + (from[i] == to[j] ? 0 : 1);
                diagonal = row[j + 1];
                row[j + 1] = Math.Min(replaced, 1 + Math.Min(row[j], diagonal));
            }
        }

        return row[^1];
    }

    /// <summary>Where no files can be read, a name of one is an error at its place.</summary>
    private sealed class NoFiles(MaskArguments arguments) : IMaskFiles
    {
        public long FirstQueryPosition => 0;

        public static NoFiles Instance(MaskArguments arguments) => new(arguments);

        public BitMatrix ReadBits(string name) => throw Refuse(name);

        public long[] ReadIntegers(string name) => throw Refuse(name);

        private MaskSyntaxException Refuse(string name) => arguments.ErrorAt(name, "names a file, which is not read here");
    }
}
