using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace DistAttention.Cli.Bench.Storage;

/// <summary>What the system holds of files in memory.</summary>
internal static partial class FileCache
{
    private const int DontNeed = 4; // POSIX_FADV_DONTNEED on Linux

    /// <summary>Whether it can be told to let go of it.</summary>
    public static bool CanDrop => OperatingSystem.IsLinux();

    /// <summary>Lets go of a file that is on the disk.</summary>
    public static void Drop(string path)
    {
        using SafeFileHandle file = File.OpenHandle(path, FileMode.Open, FileAccess.ReadWrite, FileShare.ReadWrite);
        RandomAccess.FlushToDisk(file); // what is not on the disk stays
        int error = Advise(file, 0, 0, DontNeed);
        if (error != 0)
        {
            throw new IOException($"{path} cannot be dropped from the system's cache: {Marshal.GetPInvokeErrorMessage(error)}");
        }
    }

    [LibraryImport("libc", EntryPoint = "posix_fadvise")]
    private static partial int Advise(SafeFileHandle file, long offset, long length, int advice);
}
