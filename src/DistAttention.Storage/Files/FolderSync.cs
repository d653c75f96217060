using System.Runtime.InteropServices;

namespace DistAttention.Storage.Files;

/// <summary>Makes the names in a folder durable. The base class library opens no folders, so this asks the system's C library.</summary>
internal static partial class FolderSync
{
    private const int ReadOnlyDirectory = 0x10000; // O_RDONLY | O_DIRECTORY on Linux
    private const int CloseOnExec = 0x80000;

    /// <summary>Syncs a folder. Does nothing on systems other than Linux, whose file systems keep names in order by themselves.</summary>
    /// <param name="folder">Its path.</param>
    public static void Run(string folder)
    {
        if (!OperatingSystem.IsLinux())
        {
            return;
        }

        int descriptor = Open(folder, ReadOnlyDirectory | CloseOnExec);
        if (descriptor < 0)
        {
            throw new IOException($"the folder cannot be opened: {Marshal.GetLastPInvokeErrorMessage()}");
        }

        int failed = Sync(descriptor);
        string message = Marshal.GetLastPInvokeErrorMessage();
        _ = Close(descriptor);
        if (failed != 0)
        {
            throw new IOException($"the folder cannot be made durable: {message}");
        }
    }

    [LibraryImport("libc", EntryPoint = "open", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int Open(string path, int flags);

    [LibraryImport("libc", EntryPoint = "fsync", SetLastError = true)]
    private static partial int Sync(int descriptor);

    [LibraryImport("libc", EntryPoint = "close", SetLastError = true)]
    private static partial int Close(int descriptor);
}
