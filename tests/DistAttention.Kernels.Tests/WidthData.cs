namespace DistAttention.Kernels.Tests;

/// <summary>Theory rows for every vector width and both kernels, whatever the hardware prefers.</summary>
public static class WidthData
{
    public static TheoryData<int> Widths => [512, 256, 128];

    internal static readonly (KernelChoice Choice, int Width)[] Ways =
    [
        (KernelChoice.QueryLanes, 512),
        (KernelChoice.KeyLanes, 512),
        (KernelChoice.QueryLanes, 256),
        (KernelChoice.KeyLanes, 256),
        (KernelChoice.QueryLanes, 128),
        (KernelChoice.KeyLanes, 128),
    ];
}
