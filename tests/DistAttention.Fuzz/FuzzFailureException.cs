namespace DistAttention.Fuzz;

/// <summary>A reader took something for good that is not, or did what no reader may do.</summary>
/// <param name="what">What is wrong.</param>
internal sealed class FuzzFailureException(string what) : Exception(what);
