using System.Globalization;

namespace DistAttention.Cli.Bench;

/// <summary>A bound that a measured value is to reach.</summary>
internal readonly record struct Goal
{
    private readonly bool _isFloor;
    private readonly double _bound;

    private Goal(bool isFloor, double bound)
    {
        _isFloor = isFloor;
        _bound = bound;
    }

    public static Goal AtLeast(double bound) => new(isFloor: true, bound);

    public static Goal AtMost(double bound) => new(isFloor: false, bound);

    /// <summary>Whether a value reaches it; NaN does not.</summary>
    public bool IsMetBy(double value) => _isFloor ? value >= _bound : value <= _bound;

    /// <summary>"≥ 0.82".</summary>
    public override string ToString() => (_isFloor ? "≥ " : "≤ ") + _bound.ToString("G4", CultureInfo.InvariantCulture);
}
