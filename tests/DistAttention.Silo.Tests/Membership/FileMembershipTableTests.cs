using System.Diagnostics;
using System.Globalization;
using DistAttention.Contracts.Membership;
using Orleans;
using Orleans.Runtime;

namespace DistAttention.Silo.Tests.Membership;

public sealed class FileMembershipTableTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("distattn-members-").FullName;

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public async Task AgreesWithTheReferenceAfterEveryCall(int seed)
    {
        const int ports = 5, calls = 250;
        Random random = new(seed);
        FileMembershipTable[] tables = [Entries.Table(_folder), Entries.Table(_folder)];
        ReferenceTable reference = new();
        await tables[0].InitializeMembershipTable(true);
        reference.Initialize();
        DateTime clock = new(2026, 1, 1, 0, 1, 0, DateTimeKind.Utc);
        for (int call = 0; call < calls; call++)
        {
            clock += TimeSpan.FromSeconds(1);
            FileMembershipTable table = tables[random.Next(tables.Length)];
            MembershipTableData now = await table.ReadAll();
            int version = now.Version.Version - (random.Next(4) == 0 ? 1 : 0); // sometimes a stale one
            TableVersion next = new(version + 1, version.ToString(CultureInfo.InvariantCulture));
            MembershipEntry Make() => Entries.Entry(random.Next(1, ports + 1), random.Next(3) == 0 ? SiloStatus.Dead : SiloStatus.Active, call);
            MembershipEntry entry = Make();
            entry.IAmAliveTime = clock;
            if (random.Next(2) == 0)
            {
                entry.AddSuspector(Make().SiloAddress, clock);
            }

            switch (random.Next(8))
            {
                case < 3:
                    Assert.Equal(reference.Insert(Copy(entry), version), await table.InsertRow(entry, next));
                    break;
                case < 6:
                    int row = int.Parse(now.TryGet(entry.SiloAddress)?.Item2 ?? "0", CultureInfo.InvariantCulture) - (random.Next(5) == 0 ? 1 : 0);
                    Assert.Equal(reference.Update(Copy(entry), row, version), await table.UpdateRow(entry, row.ToString(CultureInfo.InvariantCulture), next));
                    break;
                case 6:
                    reference.Alive(entry);
                    await table.UpdateIAmAlive(entry);
                    break;
                default:
                    reference.Cleanup(clock.AddSeconds(-40));
                    await table.CleanupDefunctSiloEntries(clock.AddSeconds(-40));
                    break;
            }

            Assert.Equal(reference.Describe(), ReferenceTable.Describe(await tables[random.Next(tables.Length)].ReadAll()));
        }

        Assert.True((await tables[0].ReadAll()).Version.Version > calls / 5, "hardly any call was accepted");
    }

    [Fact]
    public async Task OfWritersWithOneVersionOneWins()
    {
        const int writers = 8, rounds = 10;
        FileMembershipTable[] tables = [.. Enumerable.Range(0, writers).Select(_ => Entries.Table(_folder))];
        await tables[0].InitializeMembershipTable(true);
        for (int round = 0; round < rounds; round++)
        {
            TableVersion next = (await tables[0].ReadAll()).Version.Next();
            bool[] accepted = await Task.WhenAll(tables.Select((table, i) => Task.Run(() => table.InsertRow(Entries.Entry((round * writers) + i + 1), next))));
            Assert.Single(accepted, static a => a);
        }

        MembershipTableData end = await tables[0].ReadAll();
        Assert.Equal(rounds, end.Members.Count);
        Assert.Equal(rounds + 1, end.Version.Version);
    }

    [Fact]
    public async Task ProcessesThatAreKilledWhileTheyWriteLoseNothingAndHoldNothing()
    {
        const int writers = 3, kills = 6;
        await Entries.Table(_folder).InitializeMembershipTable(true);
        List<int> said = [.. new int[writers]];
        Process[] running = [.. Enumerable.Range(0, writers).Select(Start)];
        Random random = new(5);
        try
        {
            for (int kill = 0; kill < kills; kill++)
            {
                int i = kill % writers;
                said[i] = await CountAsync(running[i], said[i] + 5);
                await Task.Delay(random.Next(20));
                running[i].Kill();
                said[i] = await CountAsync(running[i], int.MaxValue, said[i]);
                running[i].Dispose();
                int held = (await Entries.Table(_folder).ReadAll()).TryGet(Entries.Entry(i + 1).SiloAddress)!.Item1.ProxyPort;
                Assert.InRange(held, said[i], said[i] + 1); // the last one may be written and not yet said
                said[i] = held;
                running[i] = Start(i);
            }

            Assert.All(await Task.WhenAll(running.Select((process, i) => CountAsync(process, said[i] + 3))), static count => Assert.True(count > 0));
        }
        finally
        {
            foreach (Process process in running)
            {
                process.Kill();
                process.Dispose();
            }
        }

        Process Start(int i) => Process.Start(new ProcessStartInfo("dotnet", ["exec", typeof(FileMembershipTableTests).Assembly.Location, _folder, (i + 1).ToString(CultureInfo.InvariantCulture)]) { RedirectStandardOutput = true })!;
    }

    [Fact]
    public async Task AnUnfinishedFileIsIgnoredAndAnEmptyFolderIsAnEmptyTable()
    {
        Assert.Empty((await Entries.Table(Path.Combine(_folder, "none")).ReadAll()).Members);
        FileMembershipTable table = Entries.Table(_folder);
        await table.InitializeMembershipTable(true);
        Assert.True(await table.InsertRow(Entries.Entry(1), (await table.ReadAll()).Version.Next()));
        File.WriteAllText(Path.Combine(_folder, "membership.json.new"), "{ \"version\": 99, \"si");
        Assert.Single((await table.ReadAll()).Members);
        Assert.True(await table.InsertRow(Entries.Entry(2), (await table.ReadAll()).Version.Next()));
        Assert.Equal(2, (await Entries.Table(_folder).ReadAll()).Members.Count);
    }

    [Theory]
    [InlineData("")]
    [InlineData("{ \"version\": 3, \"silos\": [")]
    [InlineData("null")]
    [InlineData("{ \"version\": 3 }")]
    public async Task ADamagedFileIsAnErrorThatNamesIt(string content)
    {
        string file = Path.Combine(_folder, "membership.json");
        File.WriteAllText(file, content);
        FileMembershipTable table = Entries.Table(_folder);
        Assert.Contains(file, (await Assert.ThrowsAsync<InvalidDataException>(table.ReadAll)).Message, StringComparison.Ordinal);
        await Assert.ThrowsAsync<InvalidDataException>(() => table.InitializeMembershipTable(true));
        Assert.Equal(content, File.ReadAllText(file));
    }

    [Fact]
    public async Task DeletingForgetsEveryoneAndRefusesWhatWasReadBefore()
    {
        FileMembershipTable table = Entries.Table(_folder);
        await table.InitializeMembershipTable(true);
        TableVersion before = (await table.ReadAll()).Version;
        await table.DeleteMembershipTableEntries("any");
        Assert.Empty((await table.ReadAll()).Members);
        Assert.False(await table.InsertRow(Entries.Entry(1), before.Next()));
    }

    [Fact]
    public async Task OnlyActiveSilosThatTakeClientsAreGateways()
    {
        FileMembershipTable table = Entries.Table(_folder);
        await table.InitializeMembershipTable(true);
        MembershipEntry[] entries = [Entries.Entry(1, gateway: 101), Entries.Entry(2), Entries.Entry(3, SiloStatus.Joining, 103), Entries.Entry(4, SiloStatus.Dead, 104)];
        foreach (MembershipEntry entry in entries)
        {
            Assert.True(await table.InsertRow(entry, (await table.ReadAll()).Version.Next()));
        }

        FileGatewayListProvider gateways = new(Microsoft.Extensions.Options.Options.Create(new FileMembershipOptions { Folder = _folder }));
        Assert.Equal("gwy.tcp://127.0.0.1:101/7", Assert.Single(await gateways.GetGateways()).ToString());
    }

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    /// <summary>Reads what a writer says until it says enough, or ends.</summary>
    private static async Task<int> CountAsync(Process writer, int enough, int last = 0)
    {
        using CancellationTokenSource patience = new(TimeSpan.FromSeconds(30));
        while (last < enough && await writer.StandardOutput.ReadLineAsync(patience.Token) is { } line)
        {
            // A killed process may leave a line that is not whole.
            last = int.TryParse(line, CultureInfo.InvariantCulture, out int count) && count > last ? count : last;
        }

        return last;
    }

    private static MembershipEntry Copy(MembershipEntry entry) => new()
    {
        SiloAddress = entry.SiloAddress,
        Status = entry.Status,
        SiloName = entry.SiloName,
        HostName = entry.HostName,
        ProxyPort = entry.ProxyPort,
        StartTime = entry.StartTime,
        IAmAliveTime = entry.IAmAliveTime,
        SuspectTimes = entry.SuspectTimes,
    };
}
