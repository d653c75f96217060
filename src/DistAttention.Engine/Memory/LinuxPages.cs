using System.Runtime.InteropServices;
using System.Runtime.Versioning;

namespace DistAttention.Engine.Memory;

/// <summary>Anonymous memory from the Linux kernel: zeroed when first touched, in pages of 2 MiB where the kernel has them to give.</summary>
[SupportedOSPlatform("linux")]
internal static unsafe partial class LinuxPages
{
    /// <summary>Bytes of a huge page.</summary>
    public const long HugePage = 2 << 20;

    private const int ReadWrite = 0x1 | 0x2;
    private const int PrivateAnonymous = 0x2 | 0x20;
    private const int AdviseDontNeed = 4;
    private const int AdviseHugePage = 14;

    /// <summary>Reserves whole huge pages, aligned to them; null when the kernel refuses.</summary>
    /// <param name="bytes">A multiple of <see cref="HugePage"/>.</param>
    public static byte* Reserve(long bytes)
    {
        // One page more than needed, so that an aligned part can be kept.
        nint mapped = Map(0, (nuint)(bytes + HugePage), ReadWrite, PrivateAnonymous, -1, 0);
        if (mapped == -1)
        {
            return null;
        }

        nint start = (nint)((mapped + HugePage - 1) / HugePage * HugePage);
        Trim(mapped, start - mapped);
        Trim((nint)(start + bytes), (nint)(mapped + HugePage) - start);
        _ = Advise(start, (nuint)bytes, AdviseHugePage); // a kernel without huge pages gives small ones
        return (byte*)start;
    }

    /// <summary>Gives the whole small pages of a range back to the kernel; the addresses stay reserved.</summary>
    public static void Discard(byte* start, long bytes)
    {
        long page = Environment.SystemPageSize;
        long first = ((nint)start + page - 1) / page * page;
        long end = ((nint)start + bytes) / page * page;
        if (end > first)
        {
            _ = Advise((nint)first, (nuint)(end - first), AdviseDontNeed);
        }
    }

    /// <summary>Ends a reservation.</summary>
    public static void Release(byte* start, long bytes) => Trim((nint)start, (nint)bytes);

    private static void Trim(nint start, nint bytes)
    {
        if (bytes > 0)
        {
            _ = Unmap(start, (nuint)bytes);
        }
    }

    [LibraryImport("libc", EntryPoint = "mmap")]
    private static partial nint Map(nint address, nuint length, int protection, int flags, int file, nint offset);

    [LibraryImport("libc", EntryPoint = "munmap")]
    private static partial int Unmap(nint address, nuint length);

    [LibraryImport("libc", EntryPoint = "madvise")]
    private static partial int Advise(nint address, nuint length, int advice);
}
