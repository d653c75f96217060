using Orleans.Serialization;

namespace DistAttention.Contracts;

/// <summary>
/// The types of the public vocabulary that travel packed. A message names them as type arguments, and Orleans lets no type be named
/// that nobody allows.
/// </summary>
public sealed class PackedTypes : ITypeNameFilter
{
    private static readonly HashSet<string> _names =
    [
        .. new[] { typeof(SequenceSpec), typeof(AttentionMask), typeof(ScoreFunction), typeof(AttentionPlan) }.Select(static type => type.FullName!),
    ];

    /// <inheritdoc/>
    public bool? IsTypeNameAllowed(string typeName, string assemblyName) => _names.Contains(typeName) ? true : null;
}
