using System.Security.Authentication;
using Npgsql;

namespace DistAttention.Storage.Postgres;

/// <summary>What a database or the way to it does wrong, as a <see cref="StorageException"/>: no other layer knows of Npgsql.</summary>
internal static class DatabaseErrors
{
    /// <summary>Whether this is the database's error and not the program's.</summary>
    public static bool IsOfDatabase(Exception error) =>
        error is NpgsqlException or TimeoutException or IOException or AuthenticationException
        || (error is InvalidOperationException and not ObjectDisposedException && error.Source == "Npgsql");

    /// <summary>The error as others see it. Messages of the server name users, tables and limits, never passwords.</summary>
    /// <param name="place">The database or table.</param>
    /// <param name="error">One that <see cref="IsOfDatabase"/>.</param>
    public static StorageException Translate(string place, Exception error) => new(
        place,
        error switch
        {
            PostgresException e => $"is refused by the server: {e.MessageText.TrimEnd('.')} ({e.SqlState})",
            TimeoutException or NpgsqlException { InnerException: TimeoutException } => "does not answer in time",
            NpgsqlException { InnerException: { } inner } e => $"cannot be reached: {e.Message.TrimEnd('.')}: {inner.Message.TrimEnd('.')}",
            _ => $"cannot be reached: {error.Message.TrimEnd('.')}",
        },
        error,
        IsTransient(error));

    private static bool IsTransient(Exception error) => error switch
    {
        PostgresException e => e.IsTransient || IsOfRestart(e.SqlState),
        NpgsqlException e => e.IsTransient,
        AuthenticationException => false,
        _ => true,
    };

    /// <summary>A server that shuts down, comes up, or takes a standby's place: another one will answer in its stead, or itself again.</summary>
    private static bool IsOfRestart(string sqlState) => sqlState is
        PostgresErrorCodes.AdminShutdown or
        PostgresErrorCodes.CrashShutdown or
        PostgresErrorCodes.CannotConnectNow or
        PostgresErrorCodes.ReadOnlySqlTransaction;
}
