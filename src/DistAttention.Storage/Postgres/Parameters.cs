using Npgsql;
using NpgsqlTypes;

namespace DistAttention.Storage.Postgres;

/// <summary>Parameters by place, of types that are known when they are compiled.</summary>
internal static class Parameters
{
    public static NpgsqlParameter<T> Value<T>(T value) => new() { TypedValue = value };

    public static NpgsqlParameter<byte[]> Bytes(byte[] value) => new() { TypedValue = value, NpgsqlDbType = NpgsqlDbType.Bytea };
}
