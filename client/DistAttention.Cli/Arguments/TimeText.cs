using System.Globalization;

namespace DistAttention.Cli.Arguments;

/// <summary>Lengths of time as they are typed: "7d", "12h", "90m", "30s", "1.5h".</summary>
internal static class TimeText
{
    private static readonly (string Unit, TimeSpan Length)[] _units =
        [("d", TimeSpan.FromDays(1)), ("h", TimeSpan.FromHours(1)), ("m", TimeSpan.FromMinutes(1)), ("s", TimeSpan.FromSeconds(1))];

    /// <exception cref="FormatException">It is not one, or no time to live.</exception>
    public static TimeSpan Parse(string text)
    {
        (string unit, TimeSpan length) = _units.FirstOrDefault(u => text.EndsWith(u.Unit, StringComparison.Ordinal));
        if (unit is null || !double.TryParse(text[..^unit.Length], NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out double count))
        {
            throw new FormatException($"'{text}' is not a length of time such as 7d, 12h, 90m or 30s");
        }

        TimeSpan time = count * length.TotalDays < TimeSpan.MaxValue.TotalDays ? count * length : TimeSpan.MaxValue;
        try
        {
            new SequenceSpec { HeadDim = 1, TimeToLive = time }.Validate();
        }
        catch (InvalidSpecException)
        {
            throw new FormatException($"'{text}' is not between 1 ms and 36,500 days");
        }

        return time;
    }

    /// <summary>In the largest unit that leaves no rest, or else in seconds.</summary>
    public static string Of(TimeSpan time)
    {
        (string unit, TimeSpan length) = _units.FirstOrDefault(u => time.Ticks % u.Length.Ticks == 0, _units[^1]);
        return (time / length).ToString("0.###", CultureInfo.InvariantCulture) + unit;
    }
}
