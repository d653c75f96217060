using System.Runtime.InteropServices;

namespace DistAttention.Storage.Files;

/// <summary>Hard links, which the base class library does not make; a durable copy where there are none.</summary>
internal static partial class FileLink
{
    /// <summary>Gives a file a second name.</summary>
    /// <param name="path">The file.</param>
    /// <param name="second">The name; nothing may be there.</param>
    public static void Make(string path, string second)
    {
        if (!OperatingSystem.IsWindows() && Link(path, second) == 0)
        {
            return;
        }

        File.Copy(path, second, overwrite: false);
        using FileStream copy = File.OpenWrite(second);
        copy.Flush(flushToDisk: true);
    }

    [LibraryImport("libc", EntryPoint = "link", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int Link(string path, string second);
}
