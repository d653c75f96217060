namespace DistAttention.Silo.Tests.Admin;

/// <summary>A test that needs a browser.</summary>
public sealed class BrowserFactAttribute : FactAttribute
{
    public BrowserFactAttribute() => Skip = Browser.Path is null ? "there is no chromium or chrome on the path" : null;
}
