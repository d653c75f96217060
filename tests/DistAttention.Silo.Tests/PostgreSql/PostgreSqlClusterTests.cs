using System.Diagnostics;
using DistAttention.Cli.Tests.Running;
using DistAttention.Silo.Tests.Cluster;
using DistAttention.Testing.Postgres;
using Npgsql;

namespace DistAttention.Silo.Tests.PostgreSql;

/// <summary>Silos that find each other through a database, which is empty before the first of them starts.</summary>
[Collection(ClusterCollection.Name)]
public sealed class PostgreSqlClusterTests : IDisposable
{
    private static readonly TimeSpan _patience = TimeSpan.FromSeconds(30);

    private readonly ClusterHome _home = new();
    private readonly Workspace _files = new();
    private readonly List<Process> _silos = [];

    [PostgreSqlFact]
    public async Task TwoSilosAnswerAsOneProcessAndOneIsMissedWhenItIsKilled()
    {
        _files.WriteNormal("q.npy", 1, 500, 4, 32);
        _files.WriteNormal("k.npy", 2, 3000, 2, 32);
        _files.WriteNormal("v.npy", 3, 3000, 2, 32);
        await using PrivatePostgres server = await PrivatePostgres.StartAsync();
        int first = Start(server, "silo-a");
        int second = Start(server, "silo-b"); // both find no tables
        await WaitAsync(server, "SiloName = 'silo-a' AND Status = 3");
        await WaitAsync(server, "SiloName = 'silo-b' AND Status = 3");

        Ended embedded = (await _home.RunAsync(_files.Attend("--embedded", "--mask", "causal", "--shard-length", "1024", "--json"))).Ok();
        Ended both = await AttendAsync(first, silos: 2);
        Assert.Equal(embedded.Digests, both.Digests);

        _silos[0].Kill();
        await WaitAsync(server, "SiloName = 'silo-a' AND Status = 6");
        Assert.Equal(embedded.Digests, (await AttendAsync(second, silos: 1)).Digests);

        using (Process kill = Process.Start("kill", ["-TERM", $"{_silos[1].Id}"]))
        {
            await kill.WaitForExitAsync();
        }

        await _silos[1].WaitForExitAsync().WaitAsync(_patience);
        await WaitAsync(server, "SiloName = 'silo-b' AND Status = 6"); // it said so itself
    }

    public void Dispose()
    {
        foreach (Process silo in _silos)
        {
            if (!silo.HasExited)
            {
                silo.Kill();
            }

            silo.Dispose();
        }

        _home.Dispose();
        _files.Dispose();
    }

    private static string SiloProgram { get; } = Distattn.Path.Replace("DistAttention.Cli", "DistAttention.Silo", StringComparison.Ordinal).Replace("distattn", "distattn-silo", StringComparison.Ordinal);

    private async Task<Ended> AttendAsync(int gateway, int silos)
    {
        Ended ended = (await _home.RunAsync(_files.Attend("--cluster", $"127.0.0.1:{gateway}", "--mask", "causal", "--shard-length", "1024", "--json"))).Ok();
        Assert.Equal(silos, ended.Json["silos"]!.AsArray().Count);
        return ended;
    }

    /// <returns>Its gateway.</returns>
    private int Start(PrivatePostgres server, string name)
    {
        int gateway = FreePort.Next();
        Process silo = Distattn.StartProgram(
            SiloProgram,
            [.. _home.Environment, ("DISTATTN_Cluster__ProbeTimeout", "00:00:00.5"), ("DISTATTN_Cluster__Refresh", "00:00:01")],
            "--mode", "PostgreSql", "--connection-string", server.ConnectionString(), "--storage-connection-string", server.ConnectionString(), "--name", name,
            "--silo-port", $"{FreePort.Next()}", "--gateway-port", $"{gateway}", "--compute-threads", "1");
        silo.OutputDataReceived += static (_, _) => { };
        silo.BeginOutputReadLine();
        _silos.Add(silo);
        return gateway;
    }

    private static async Task WaitAsync(PrivatePostgres server, string member)
    {
        long started = Stopwatch.GetTimestamp();
        while (await CountAsync(server, $"SELECT count(*) FROM OrleansMembershipTable WHERE {member}") == 0)
        {
            Assert.True(Stopwatch.GetElapsedTime(started) < _patience, $"there is no member with {member}");
            await Task.Delay(50); // the database tells nobody: it has to be asked
        }
    }

    private static async Task<long> CountAsync(PrivatePostgres server, string query)
    {
        await using NpgsqlConnection connection = new(server.ConnectionString());
        await connection.OpenAsync();
        await using NpgsqlCommand command = new(query, connection);
        try
        {
            return (long)(await command.ExecuteScalarAsync())!;
        }
        catch (PostgresException e) when (e.SqlState == PostgresErrorCodes.UndefinedTable)
        {
            return 0; // the first silo has not made it yet
        }
    }
}
