using System.Reflection;
using Xunit.Sdk;

namespace DistAttention.Storage.Tests.Postgres;

/// <summary>
/// The tests of the client suites as data: classes that inherit them run wherever they are built, while these can be skipped where
/// there is no server.
/// </summary>
internal static class SuiteCases
{
    private static readonly Type[] _suites = [typeof(SameBitsSuite), typeof(LifeCycleSuite), typeof(ErrorSuite), typeof(ConcurrencySuite)];

    /// <summary>Suite, test, and which row of its data.</summary>
    public static IEnumerable<object[]> All =>
        from suite in _suites
        from test in Tests(suite)
        from row in Enumerable.Range(0, RowsOf(test).Count)
        select (object[])[suite.Name, test.Name, row];

    /// <summary>Runs one of them.</summary>
    public static async Task RunAsync(IAttentionClient client, string suite, string test, int row)
    {
        object instance = suite switch
        {
            nameof(SameBitsSuite) => new SameBits(client),
            nameof(LifeCycleSuite) => new LifeCycle(client),
            nameof(ErrorSuite) => new Errors(client),
            _ => new Concurrency(client),
        };
        MethodInfo method = Tests(instance.GetType()).Single(m => m.Name == test);
        object? result = method.Invoke(instance, BindingFlags.DoNotWrapExceptions, null, RowsOf(method)[row], null);
        if (result is Task task)
        {
            await task;
        }
    }

    private static IEnumerable<MethodInfo> Tests(Type suite) =>
        suite.GetMethods().Where(static m => m.GetCustomAttribute<FactAttribute>(inherit: true) is { Skip: null }).OrderBy(static m => m.Name, StringComparer.Ordinal);

    private static List<object[]> RowsOf(MethodInfo test) =>
        test.GetCustomAttribute<TheoryAttribute>() is null
            ? [[]]
            : [.. test.GetCustomAttributes<DataAttribute>(inherit: true).SelectMany(data => data.GetData(test))];

    private sealed class SameBits(IAttentionClient client) : SameBitsSuite
    {
        protected override IAttentionClient Client => client;
    }

    private sealed class LifeCycle(IAttentionClient client) : LifeCycleSuite
    {
        protected override IAttentionClient Client => client;
    }

    private sealed class Errors(IAttentionClient client) : ErrorSuite
    {
        protected override IAttentionClient Client => client;
    }

    private sealed class Concurrency(IAttentionClient client) : ConcurrencySuite
    {
        protected override IAttentionClient Client => client;
    }
}
