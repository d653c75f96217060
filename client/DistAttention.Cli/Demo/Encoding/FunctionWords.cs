using System.Collections.Frozen;

namespace DistAttention.Cli.Demo.Encoding;

/// <summary>
/// English words that carry grammar rather than meaning. A document's own statistics cannot tell: the question words
/// (who, does) are rare in most documents and would look important.
/// </summary>
internal static class FunctionWords
{
    private static readonly FrozenSet<string> _words =
        """
        a about above after again all also am an and any are aren't as at be because been before being below between both
        but by can can't cannot could couldn't did didn't do does doesn't doing don't done down during each either else
        ever every few for from further get gets give given gives got had has hasn't have haven't having he her hers
        him his how however i if in into is isn't it it's its itself just let like many may me might more most much my
        myself neither no nor of off on once one only or other our ours out over own per please say says shall she should
        shouldn't so some such tell than that that's the their theirs them then there these they thing things this those
        through thus to too under until up upon us very was wasn't we were weren't what what's whatever when where whether
        which while who who's whom whose why will with within won't would wouldn't yes yet you your yours
        """.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries).ToFrozenSet(StringComparer.Ordinal);

    /// <summary>Whether a folded word is one of them.</summary>
    public static bool Contains(string word) => _words.Contains(word);
}
