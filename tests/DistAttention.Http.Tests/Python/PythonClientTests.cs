using DistAttention.Testing.Python;

namespace DistAttention.Http.Tests.Python;

/// <summary>Runs the tests of the Python client, against services that they start themselves.</summary>
public sealed class PythonClientTests
{
    [PythonFact]
    public async Task TheClientsOwnTestsPass()
    {
        (int exitCode, string said) = await ClientTests.RunAsync();
        Assert.True(exitCode == 0, said);
        Assert.Matches(@"Ran (2[0-9]|[3-9][0-9]) tests", said);
        Assert.DoesNotContain("(skipped", said, StringComparison.Ordinal);
    }
}
