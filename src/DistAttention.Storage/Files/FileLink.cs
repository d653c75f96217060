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

        // Under its name only when it is whole.
        string beside = second + ".copy";
        File.Copy(path, beside, overwrite: true);
        using (FileStream copy = File.OpenWrite(beside))
        {
            copy.Flush(flushToDisk: true);
        }

        File.Move(beside, second, overwrite: false);
    }

    [LibraryImport("libc", EntryPoint = "link", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int Link(string path, string second);
}
