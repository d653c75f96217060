using DistAttention.Testing.Postgres;

namespace DistAttention.Storage.Tests.Postgres;

/// <summary>A test that needs a PostgreSQL server: skipped, with the reason, on a machine that has none.</summary>
[AttributeUsage(AttributeTargets.Method)]
public sealed class PostgresFactAttribute : FactAttribute
{
    public PostgresFactAttribute() => Skip = PostgresBinaries.WhyNot;
}

/// <summary>The same, with data.</summary>
[AttributeUsage(AttributeTargets.Method)]
public sealed class PostgresTheoryAttribute : TheoryAttribute
{
    public PostgresTheoryAttribute() => Skip = PostgresBinaries.WhyNot;
}
