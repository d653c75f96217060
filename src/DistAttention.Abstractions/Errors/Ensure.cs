using System.Diagnostics.CodeAnalysis;
using System.Runtime.CompilerServices;

namespace DistAttention;

/// <summary>Conditions that what callers specify has to meet.</summary>
internal static class Ensure
{
    /// <summary>Requires a condition of a property.</summary>
    /// <param name="condition">What has to hold.</param>
    /// <param name="property">Whose value is wrong otherwise.</param>
    /// <param name="problem">What is wrong with it then.</param>
    /// <exception cref="InvalidSpecException">It does not hold.</exception>
    public static void That([DoesNotReturnIf(false)] bool condition, string property, string problem)
    {
        if (!condition)
        {
            throw new InvalidSpecException(property, problem);
        }
    }

    /// <inheritdoc cref="That(bool, string, string)"/>
    public static void That([DoesNotReturnIf(false)] bool condition, string property, [InterpolatedStringHandlerArgument(nameof(condition))] ref ProblemText problem)
    {
        if (!condition)
        {
            throw new InvalidSpecException(property, problem.ToStringAndClear());
        }
    }
}
