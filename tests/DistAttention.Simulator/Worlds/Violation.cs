namespace DistAttention.Simulator.Worlds;

/// <summary>Something happened that must not. One line says what.</summary>
internal sealed class ViolationException(string what) : Exception(what);
