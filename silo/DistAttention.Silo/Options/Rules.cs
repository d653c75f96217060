using Microsoft.Extensions.Options;

namespace DistAttention.Silo.Options;

/// <summary>Collects what is wrong with a section, each problem with the full name of its option: <c>Endpoint:SiloPort is …</c>.</summary>
internal sealed class Rules(string section)
{
    private readonly List<string> _problems = [];

    public ValidateOptionsResult Result => _problems.Count == 0 ? ValidateOptionsResult.Success : ValidateOptionsResult.Fail(_problems);

    public void Require(bool holds, string option, string problem)
    {
        if (!holds)
        {
            _problems.Add($"{section}:{option} {problem}");
        }
    }

    public void RequireBetween<T>(T value, T least, T most, string option)
        where T : IComparable<T> =>
        Require(value.CompareTo(least) >= 0 && value.CompareTo(most) <= 0, option, $"is {value}; it may be {least} to {most}");
}
