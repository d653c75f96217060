namespace DistAttention;

/// <summary>The text of a relative bias: <c>table:FILE</c>, or <c>t5:FILE,bidirectional,max-distance=128</c>.</summary>
public static class BiasText
{
    /// <summary>Reads a text.</summary>
    /// <param name="text">The text.</param>
    /// <exception cref="FormatException">Points at the character that is wrong.</exception>
    public static OptionText Parse(string text)
    {
        OptionText option = OptionText.Read(text, "table", "t5");
        FileOf(option);
        return option;
    }

    /// <summary>Its file.</summary>
    /// <param name="option">The text, read.</param>
    public static string FileOf(OptionText option) => option.Name == "table" ? option.File() : option.FirstFile("bidirectional", "max-distance");

    /// <summary>The bias, its file read.</summary>
    /// <param name="option">The text, read.</param>
    /// <param name="files">Reads its file.</param>
    public static RelativeBias Load(OptionText option, ITableFiles files)
    {
        ArgumentNullException.ThrowIfNull(option);
        ArgumentNullException.ThrowIfNull(files);
        if (option.Name == "table")
        {
            return new RelativeBias(files.ReadTable(option.File(), rank: 2));
        }

        int most = (int)(option.WholeNumber("max-distance", 2, 1 << 20) ?? 128);
        return RelativeBias.T5(files.ReadTable(FileOf(option), rank: 2), option.Flag("bidirectional"), most);
    }
}
