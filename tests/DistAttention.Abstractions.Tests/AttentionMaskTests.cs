namespace DistAttention.Abstractions.Tests;

public sealed class AttentionMaskTests
{
    [Theory]
    [InlineData("full")]
    [InlineData("causal")]
    public void TextRoundTrips(string text) => Assert.Equal(text, AttentionMask.Parse($"  {text} ").ToString());

    [Theory]
    [InlineData("", 0)]
    [InlineData("  casual", 2)]
    [InlineData("causal full", 7)]
    [InlineData("(causal", 0)]
    [InlineData("Causal", 0)]
    public void AnErrorPointsAtTheCharacter(string text, int position)
    {
        MaskSyntaxException error = Assert.Throws<MaskSyntaxException>(() => AttentionMask.Parse(text));
        Assert.Equal(position, error.Position);
        Assert.Contains($"character {position + 1}", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void CausalSeesItselfAndTheBefore()
    {
        Assert.True(AttentionMask.Causal.IsVisible(5, 5));
        Assert.True(AttentionMask.Causal.IsVisible(5, 0));
        Assert.False(AttentionMask.Causal.IsVisible(5, 6));
        Assert.False(AttentionMask.Causal.IsVisible(-1, 0));
        Assert.True(AttentionMask.Full.IsVisible(-1, 100));
    }
}
