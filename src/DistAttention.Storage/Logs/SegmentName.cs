using System.Globalization;

namespace DistAttention.Storage.Logs;

/// <summary>
/// The file name of a segment. Every writer starts one of its own, so that two who both believe to own a shard never write
/// to one file. A segment that a shard shares with the shard it was cut from says how many rows of it count.
/// </summary>
/// <param name="Id">Tells segments apart.</param>
/// <param name="Rows">Rows from the shard's first that count; null for all.</param>
internal readonly record struct SegmentName(Guid Id, int? Rows)
{
    private const string Extension = ".kvlog";

    /// <summary>The name under which a shard shares this segment up to some row.</summary>
    public SegmentName CutTo(int rows) => new(Id, Math.Min(rows, Rows ?? rows));

    public static SegmentName? TryParse(string name)
    {
        if (!name.EndsWith(Extension, StringComparison.Ordinal))
        {
            return null;
        }

        string[] parts = name[..^Extension.Length].Split('-');
        if (parts.Length is < 1 or > 2 || !Guid.TryParseExact(parts[0], "N", out Guid id))
        {
            return null;
        }

        if (parts.Length == 1)
        {
            return new SegmentName(id, null);
        }

        return int.TryParse(parts[1], NumberStyles.None, CultureInfo.InvariantCulture, out int rows) ? new SegmentName(id, rows) : null;
    }

    public override string ToString() => Rows is { } rows ? string.Create(CultureInfo.InvariantCulture, $"{Id:N}-{rows}{Extension}") : $"{Id:N}{Extension}";
}
