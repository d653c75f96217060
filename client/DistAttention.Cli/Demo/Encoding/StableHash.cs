namespace DistAttention.Cli.Demo.Encoding;

/// <summary>
/// 64-bit hashes that are the same on every machine and in every run: FNV-1a over UTF-16 code units, finished with the
/// SplitMix64 mixer so that all 64 bits can serve as signs.
/// </summary>
internal static class StableHash
{
    private const ulong FnvOffset = 0xcbf29ce484222325;
    private const ulong FnvPrime = 0x100000001b3;

    public static ulong Of(ReadOnlySpan<char> text, ulong kind = 0)
    {
        ulong hash = FnvOffset;
        foreach (char c in text)
        {
            hash = (hash ^ c) * FnvPrime;
        }

        return Mix(hash ^ Mix(kind));
    }

    /// <summary>An ordered pair.</summary>
    public static ulong Pair(ulong first, ulong second) => Mix(Mix(first) + second);

    /// <summary>SplitMix64's output function (Steele, Lea, Flood, Fast Splittable Pseudorandom Number Generators, 2014).</summary>
    public static ulong Mix(ulong x)
    {
        x += 0x9e3779b97f4a7c15;
        x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9;
        x = (x ^ (x >> 27)) * 0x94d049bb133111eb;
        return x ^ (x >> 31);
    }
}
