using System.Text.RegularExpressions;

namespace DistAttention.Kernels.Tests;

/// <summary>Keeps out of the arithmetic what gives other bits on other machines.</summary>
public sealed partial class SourceTests
{
    [Theory]
    [InlineData("DistAttention.Kernels")]
    [InlineData("DistAttention.Engine")]
    public void No_source_calls_what_depends_on_the_machine(string project)
    {
        string folder = Path.Combine(RepositoryRoot(), "src", project);
        List<string> found = [];
        foreach (string file in Directory.EnumerateFiles(folder, "*.cs", SearchOption.AllDirectories))
        {
            string code = CommentPattern().Replace(File.ReadAllText(file), "");
            found.AddRange(BannedPattern().Matches(code).Select(match => $"{Path.GetRelativePath(folder, file)}: {match.Value}"));
        }

        Assert.Empty(found);
    }

    [Theory]
    [InlineData("x = MathF.Exp(y)", true)]
    [InlineData("Math.Log2(y)", true)]
    [InlineData("TensorPrimitives.Dot(a, b)", true)]
    [InlineData("TensorPrimitives.SoftMax(a, b)", true)]
    [InlineData("Vector512.MultiplyAddEstimate(a, b, c)", true)]
    [InlineData("Vector256.MaxNative(a, b)", true)]
    [InlineData("Vector128.Sum(a)", true)]
    [InlineData("MathF.FusedMultiplyAdd(a, b, c)", false)]
    [InlineData("TensorPrimitives.Multiply(a, b, c)", false)]
    [InlineData("Math.Max(a, b)", false)]
    [InlineData("NativeMemory.AlignedAlloc(1, 64)", false)]
    public void The_pattern_finds_what_it_should(string code, bool banned) => Assert.Equal(banned, BannedPattern().IsMatch(code));

    private static string RepositoryRoot()
    {
        DirectoryInfo? folder = new(AppContext.BaseDirectory);
        while (folder is not null && !File.Exists(Path.Combine(folder.FullName, "DistAttention.sln")))
        {
            folder = folder.Parent;
        }

        return folder?.FullName ?? throw new DirectoryNotFoundException("No DistAttention.sln above the test's folder.");
    }

    [GeneratedRegex("""
        \bMathF?\.(Exp|Log|Tanh?|Sinh?|Cosh?|SinCos|Pow|Cbrt|A?tan|Atan2|Asin|Acos)\w*\s*\(
        |\bTensorPrimitives\.(Dot|Sum|Norm|Product|Cosine|Distance|SoftMax|Sigmoid|Exp|Log|Tan|Sin|Cos|Pow|Cbrt|RootN|Hypot|Average|StdDev)\w*
        |\b\w+(Estimate|Native)\s*\(
        |\bVector(64|128|256|512)?\.(Dot|Sum|Exp|Log|Log2|Sin|Cos|SinCos)\s*\(
        """, RegexOptions.IgnorePatternWhitespace)]
    private static partial Regex BannedPattern();

    [GeneratedRegex("""//[^\n]*""")]
    private static partial Regex CommentPattern();
}
