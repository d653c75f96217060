using DistAttention.Silo.Options;

namespace DistAttention.Silo.Tests.Options;

/// <summary>What the downward API stands for.</summary>
public sealed class PodIdentityTests
{
    [Theory]
    [InlineData("10.1.2.3", "0.0.0.0")]
    [InlineData("fd00::12", "::")]
    [InlineData("not an address", "0.0.0.0")] // named by the validator
    public void ThePodNamesTheSiloAndItsAddress(string address, string listen)
    {
        Dictionary<string, string?> environment = new() { ["POD_NAME"] = "distattention-0", ["POD_IP"] = address };
        Dictionary<string, string?> expected = new()
        {
            ["Endpoint:Name"] = "distattention-0",
            ["Endpoint:Address"] = address,
            ["Endpoint:ListenAddress"] = listen,
        };
        Assert.Equal(expected, new Dictionary<string, string?>(PodIdentity.Options(environment.GetValueOrDefault)));
    }

    [Fact]
    public void OutsideAPodNothingIsSet()
    {
        Assert.Empty(PodIdentity.Options(static _ => null));
        Assert.Empty(PodIdentity.Options(static _ => ""));
    }
}
