using System.Globalization;

namespace DistAttention.Cli.Output;

/// <summary>Numbers as people read them, in the invariant culture.</summary>
internal static class Units
{
    private static readonly string[] _bytes = ["B", "KiB", "MiB", "GiB", "TiB", "PiB", "EiB"];
    private static readonly string[] _powers = ["", " k", " M", " G", " T", " P", " E"];

    /// <summary>1536 → "1.5 KiB".</summary>
    public static string Bytes(double count) => Scaled(count, 1024, _bytes, " ");

    /// <summary>1234567 → "1.23 M". Below 10,000 the count itself.</summary>
    public static string Count(double count) =>
        Math.Abs(count) < 10_000 ? ThreeDigits(count) : Scaled(count, 1000, _powers, "");

    /// <summary>1.5e12 → "1.5 TFLOP".</summary>
    public static string Flops(double count) => Scaled(count, 1000, ["", "k", "M", "G", "T", "P", "E"], " ") + "FLOP";

    /// <summary>"12.3 ms", "1.23 s", "4 min 5 s", "2 h 10 min".</summary>
    public static string Duration(TimeSpan time) => time switch
    {
        { TotalSeconds: < 0.9995 } => $"{ThreeDigits(time.TotalMilliseconds)} ms",
        { TotalSeconds: < 59.95 } => $"{ThreeDigits(time.TotalSeconds)} s",
        { TotalMinutes: < 60 } => $"{(int)time.TotalMinutes} min {time.Seconds} s",
        _ => $"{(long)time.TotalHours} h {time.Minutes} min",
    };

    /// <summary>"1 row", "2,000 rows".</summary>
    public static string Plural(long count, string noun) => $"{count.ToString("N0", CultureInfo.InvariantCulture)} {noun}{(count == 1 ? "" : "s")}";

    /// <summary>"[4,096, 8, 64]".</summary>
    public static string Shape(params IEnumerable<long> dimensions) =>
        $"[{string.Join(", ", dimensions.Select(static d => d.ToString("N0", CultureInfo.InvariantCulture)))}]";

    private static string Scaled(double count, double step, string[] names, string separator)
    {
        int power = 0;
        while (Math.Abs(count) >= step * 0.9995 && power < names.Length - 1)
        {
            count /= step;
            power++;
        }

        return ThreeDigits(count) + separator + names[power];
    }

    private static string ThreeDigits(double value)
    {
        string format = Math.Abs(value) switch
        {
            < 9.995 => "0.##",
            < 99.95 => "0.#",
            _ => "#,0",
        };
        return value.ToString(format, CultureInfo.InvariantCulture);
    }
}
