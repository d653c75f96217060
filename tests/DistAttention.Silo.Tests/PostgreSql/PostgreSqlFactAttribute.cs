using DistAttention.Testing.Postgres;

namespace DistAttention.Silo.Tests.PostgreSql;

/// <summary>A test that needs the programs of a PostgreSQL server.</summary>
public sealed class PostgreSqlFactAttribute : FactAttribute
{
    public PostgreSqlFactAttribute() => Skip = PostgresBinaries.WhyNot;
}
