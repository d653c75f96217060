using System.Runtime.Intrinsics;

namespace DistAttention.Kernels;

/// <summary>The vector width kernels run at here: the widest one that the hardware does fast.</summary>
internal static class LaneWidth
{
    public static int Preferred =>
        Vector512.IsHardwareAccelerated ? 512 : Vector256.IsHardwareAccelerated ? 256 : 128;
}
