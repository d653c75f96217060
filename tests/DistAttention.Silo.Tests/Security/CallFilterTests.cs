using System.Diagnostics;
using System.Reflection;
using System.Security.Cryptography;
using DistAttention.Client;
using DistAttention.Contracts;
using DistAttention.Contracts.Access;
using Microsoft.Extensions.DependencyInjection;
using Orleans.Concurrency;
using Orleans.Runtime;

namespace DistAttention.Silo.Tests.Security;

/// <summary>A client that is not this project's, with a certificate that is good: what it may call, and whom it can pass for.</summary>
[Collection(SecureCollection.Name)]
public sealed class CallFilterTests(SecureCluster cluster)
{
    private static readonly Type[] _interfaces = [.. typeof(ISequenceGrain).Assembly.GetExportedTypes().Where(static t => t.IsInterface && t.IsAssignableTo(typeof(IAddressable)) && t.GetMethods().Length > 0)];

    private static IEnumerable<MethodInfo> AllMethods => _interfaces.SelectMany(static t => t.GetMethods()).Distinct();

    [Fact]
    public void EveryMethodSaysWhoMayCallIt()
    {
        // A new method is refused to clients until it is marked. The list is written out so that marking one is seen here too.
        string[] forClients =
        [
            "IAttentionCoordinatorGrain.AppendAndAttendAsync", "IAttentionCoordinatorGrain.AppendAsync", "IAttentionCoordinatorGrain.AttendAsync",
            "IAttentionCoordinatorGrain.AttendBatchAsync", "IAttentionCoordinatorGrain.MassAsync", "IAttentionCoordinatorGrain.PlanAsync",
            "ICallSite.AskAsync", "ICallSite.CancelAsync", "IClusterReportGrain.GetReportAsync", "IKvShardGrain.TrimAsync", "IKvShardGrain.WriteAsync",
            "IParcelSite.FetchAsync", "IRebalanceGrain.GetAsync", "IRebalanceGrain.StartAsync", "ISequenceCatalogGrain.ListAsync",
            "ISequenceGrain.AbortAsync", "ISequenceGrain.CommitAsync", "ISequenceGrain.CreateAsync", "ISequenceGrain.DeleteAsync", "ISequenceGrain.ExplainAsync",
            "ISequenceGrain.ForkAsync", "ISequenceGrain.FoundAsync", "ISequenceGrain.GetInfoAsync", "ISequenceGrain.GetSnapshotAsync", "ISequenceGrain.OpenAsync",
            "ISequenceGrain.ReassignAsync", "ISequenceGrain.ReserveAsync", "ISequenceGrain.TruncateAsync",
        ];
        Assert.Equal(forClients, AllMethods.Where(static m => m.GetCustomAttribute<ClientCallAttribute>() is not null).Select(NameOf).Order(StringComparer.Ordinal));
        string[] any = ["AskAsync", "CancelAsync", "GetReportAsync", "FetchAsync"]; // about calls that were let through, and where gateways are
        string[] reads = ["AttendAsync", "AttendBatchAsync", "MassAsync", "PlanAsync", "ListAsync", "ExplainAsync", "GetInfoAsync", "GetSnapshotAsync", "OpenAsync"];
        Assert.All(AllMethods, m => Assert.True(
            m.GetCustomAttribute<ClientCallAttribute>() is not { } mark
                || mark.Needs == (m.DeclaringType == typeof(IRebalanceGrain) ? Rights.Admin : any.Contains(m.Name) ? Rights.None : reads.Contains(m.Name) ? Rights.Read : Rights.Write),
            NameOf(m)));
    }

    [Fact]
    public async Task WithoutATokenEveryCallIsRefused()
    {
        await using RawClient client = await RawClient.ConnectAsync(cluster);
        (string, object)[][] pretences =
        [
            [],
            [(CallHeaders.Tenant, "a")],
            [(CallHeaders.Token, "distattn_a_" + new string('A', 43))],
            [(CallHeaders.Token, 7)],
            [(CallHeaders.Proof, new byte[40])],
            [(CallHeaders.Proof, new byte[39])],
            [(CallHeaders.Proof, "proof"), (CallHeaders.Token, "token")],
        ];
        List<string> tried = [];
        foreach ((object grain, MethodInfo method) in CallsOf(client))
        {
            foreach ((string, object)[] pretence in pretences)
            {
                Exception? error = await RawClient.CallAsync(grain, method, pretence);
                Assert.True(error is AccessDeniedException, $"{NameOf(method)} with {pretence.Length} headers: {error?.ToString() ?? "answered"}");
            }

            tried.Add(NameOf(method));
        }

        // Nobody waits for an answer to those with no answer, and a silo's service is no grain that a client has a reference to.
        Assert.Equal(
            ["ICallSite.CancelAsync"],
            AllMethods.Where(static m => m.DeclaringType != typeof(IShardHostService)).Select(NameOf).Except(tried));
    }

    [Fact]
    public async Task ATokenOpensWhatIsMarkedAndNothingElse()
    {
        await using RawClient client = await RawClient.ConnectAsync(cluster);
        foreach ((object grain, MethodInfo method) in CallsOf(client).Where(static c => c.Method.GetCustomAttribute<ClientCallAttribute>() is null))
        {
            Exception? error = await RawClient.CallAsync(grain, method, (CallHeaders.Token, cluster.A.Text!));
            Assert.Contains("is for silos of the cluster", Assert.IsType<AccessDeniedException>(error).Message, StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task TheServicesOfSilosAreForSilos()
    {
        await using RawClient client = await RawClient.ConnectAsync(cluster);
        IGrainContext[] services = [.. cluster.Silos.SelectMany(static s => s.GetServices<Orleans.Services.IGrainService>()).OfType<IGrainContext>().Where(static s => s.GetType().IsAssignableTo(typeof(IShardHostService)))];
        Assert.Equal(2, services.Length);
        foreach (IGrainContext service in services)
        {
            IShardHostService host = client.Grains.GetGrain<IShardHostService>(service.GrainId);
            foreach (MethodInfo method in (IEnumerable<MethodInfo>)[.. typeof(IShardHostService).GetMethods(), typeof(ICallSite).GetMethod("AskAsync")!, typeof(IParcelSite).GetMethod("FetchAsync")!])
            {
                foreach ((string Name, object Value)[] headers in ((string, object)[][])[[], [(CallHeaders.Token, cluster.A.Text!)], [(CallHeaders.Token, cluster.Admin.Text!)]])
                {
                    if (method.IsDefined(typeof(OneWayAttribute), false))
                    {
                        await RefusedInSilenceAsync(() => RawClient.CallAsync(host, method, headers), method);
                    }
                    else
                    {
                        Assert.IsType<AccessDeniedException>(await RawClient.CallAsync(host, method, headers));
                    }
                }
            }
        }
    }

    /// <summary>A call that nobody waits for has no answer: the silo's log says that it was refused.</summary>
    private async Task RefusedInSilenceAsync(Func<Task<Exception?>> call, MethodInfo method)
    {
        string refusal = $".{method.Name}:";
        int before = Count();
        Assert.Null(await call());
        long started = Stopwatch.GetTimestamp();
        while (Count() == before)
        {
            Assert.True(Stopwatch.GetElapsedTime(started) < TimeSpan.FromSeconds(10), $"{method.Name} was not refused");
            await Task.Delay(20); // nobody tells when a message without an answer has arrived
        }

        int Count() => cluster.Logs.Lines.Count(line => line.Contains("refused a call of", StringComparison.Ordinal) && line.Contains(refusal, StringComparison.Ordinal));
    }

    [Fact]
    public async Task RefusedCallsLeaveNoGrainsBehind()
    {
        await using RawClient client = await RawClient.ConnectAsync(cluster);
        for (int i = 0; i < 20; i++)
        {
            await Assert.ThrowsAsync<AccessDeniedException>(() => client.Grains.GetGrain<ISequenceGrain>($"left/{i}").OpenAsync(default));
        }

        IManagementGrain management = client.Grains.GetGrain<IManagementGrain>(0);
        long started = Stopwatch.GetTimestamp();
        while ((await RawClient.WithAsync([(CallHeaders.Token, cluster.Admin.Text!)], () => management.GetDetailedGrainStatistics())).Any(static g => g.GrainId.ToString().Contains("left/", StringComparison.Ordinal)))
        {
            Assert.True(Stopwatch.GetElapsedTime(started) < TimeSpan.FromSeconds(10), "grains of refused calls stay");
            await Task.Delay(20); // nobody tells that a grain is gone
        }
    }

    [Fact]
    public async Task AnothersSequenceIsAnsweredAsOneThatIsNotThere()
    {
        await using DistAttentionClient a = await cluster.ConnectAsync(cluster.A);
        IAttentionSequence mine = await a.CreateSequenceAsync("x", new SequenceSpec { HeadDim = 8 });
        await using RawClient client = await RawClient.ConnectAsync(cluster);
        SequenceHandle handle = await RawClient.WithAsync([(CallHeaders.Token, cluster.A.Text!)], () => client.Grains.GetGrain<ISequenceGrain>("a:x").OpenAsync(default));

        foreach (MethodInfo method in typeof(ISequenceGrain).GetMethods().Where(static m => m.GetCustomAttribute<ClientCallAttribute>() is not null))
        {
            foreach (string key in (string[])["a:x", "a:never", "x", ":x", "b:", "ab:x"])
            {
                (string, object)[] headers = [(CallHeaders.Token, cluster.B.Text!), (CallHeaders.Tenant, "a")];
                Exception? error = await RawClient.CallAsync(client.Grains.GetGrain<ISequenceGrain>(key), method, headers);
                Assert.Equal($"There is no sequence '{key}'.", Assert.IsType<SequenceNotFoundException>(error).Message);
            }
        }

        // Nor does a handle that names it, or one's own name with its uid, get at it through a coordinator.
        foreach (string name in (string[])["a:x", "b:x"])
        {
            AppendCall append = new()
            {
                Sequence = handle with { Name = name },
                Operation = OperationId.New(),
                ExpectedPosition = null,
                Count = 1,
                K = new TensorPayload(new float[8], 1, 1, 8),
                V = new TensorPayload(new float[8], 1, 1, 8),
                CallId = Guid.NewGuid(),
            };
            await Assert.ThrowsAsync<SequenceNotFoundException>(() => RawClient.WithAsync(
                [(CallHeaders.Token, cluster.B.Text!)], () => client.Grains.GetGrain<IAttentionCoordinatorGrain>(0).AppendAsync(append, default)));
        }

        Assert.Equal(0, (await mine.GetInfoAsync()).Snapshot.Length);
        await a.DeleteSequenceAsync("x");
    }

    [Fact]
    public async Task AShardTakesNoWriteThatItsLedgerHasNotGranted()
    {
        await using RawClient client = await RawClient.ConnectAsync(cluster);
        (string, object)[] token = [(CallHeaders.Token, cluster.A.Text!)];
        ISequenceGrain ledger = client.Grains.GetGrain<ISequenceGrain>("a:granted");
        Packed<SequenceSpec> spec = Packed.Of(new SequenceSpec { HeadDim = 8 });
        SequenceHandle handle = await RawClient.WithAsync(token, () => ledger.CreateAsync(Guid.NewGuid(), spec, default));
        OperationId operation = OperationId.New();
        ReservationView reserved = await RawClient.WithAsync(token, () => ledger.ReserveAsync(handle.Uid, operation, 1, null, default));
        ReservedSlice part = reserved.Parts[0];
        WriteCall write = new()
        {
            Name = handle.Name,
            Spec = spec,
            Fence = reserved.Fence,
            Operation = operation,
            FirstIdx = part.FirstIdx,
            Count = 1,
            CommittedRows = 0,
            K = new TensorPayload(new float[8], 1, 1, 8),
            V = new TensorPayload(new float[8], 1, 1, 8),
            CallId = Guid.NewGuid(),
            Grant = part.Grant,
        };
        string otherShard = (part.Shard with { Sequence = Guid.NewGuid() }).GrainKey;
        (string Key, WriteCall Write, string Token)[] forged =
        [
            (part.Shard.GrainKey, write with { Grant = null }, cluster.A.Text!),
            (part.Shard.GrainKey, write with { Grant = RandomNumberGenerator.GetBytes(32) }, cluster.A.Text!),
            (part.Shard.GrainKey, write with { Fence = reserved.Fence + 1 }, cluster.A.Text!),
            (part.Shard.GrainKey, write with { Spec = Packed.Of(new SequenceSpec { HeadDim = 4, HeadDimV = 4 }) }, cluster.A.Text!),
            (otherShard, write, cluster.A.Text!),
            (part.Shard.GrainKey, write, cluster.B.Text!),
        ];
        foreach ((string key, WriteCall call, string who) in forged)
        {
            IKvShardGrain shard = client.Grains.GetGrain<IKvShardGrain>(key);
            await Assert.ThrowsAsync<AccessDeniedException>(() => RawClient.WithAsync([(CallHeaders.Token, who)], () => shard.WriteAsync(call, default)));
            await Assert.ThrowsAsync<AccessDeniedException>(() => RawClient.WithAsync([(CallHeaders.Token, who)], async () =>
            {
                await shard.TrimAsync(0, call.Fence, call.Spec, call.Grant);
                return true;
            }));
        }

        await RawClient.WithAsync(token, () => client.Grains.GetGrain<IKvShardGrain>(part.Shard.GrainKey).WriteAsync(write, default));
        AppendResult done = await RawClient.WithAsync(token, () => ledger.CommitAsync(handle.Uid, operation, reserved.Rows, reserved.Fence, default));
        Assert.Equal(1, done.Count);
        await RawClient.WithAsync(token, async () =>
        {
            await ledger.DeleteAsync(handle.Uid, default);
            return true;
        });
    }

    [Fact]
    public async Task OrleansOwnInterfacesAreForAdministrators()
    {
        await using RawClient client = await RawClient.ConnectAsync(cluster);
        IManagementGrain management = client.Grains.GetGrain<IManagementGrain>(0);
        await Assert.ThrowsAsync<AccessDeniedException>(() => management.GetHosts());
        await Assert.ThrowsAsync<AccessDeniedException>(() => RawClient.WithAsync([(CallHeaders.Token, cluster.A.Text!)], () => management.GetHosts()));
        Assert.Equal(2, (await RawClient.WithAsync([(CallHeaders.Token, cluster.Admin.Text!)], () => management.GetHosts(onlyActive: true))).Count);
    }

    private static string NameOf(MethodInfo method) => $"{method.DeclaringType!.Name}.{method.Name}";

    /// <summary>Every method of every grain of ours that has an answer, each on a grain that it is for.</summary>
    private static IEnumerable<(object Grain, MethodInfo Method)> CallsOf(RawClient client)
    {
        Dictionary<Type, object> grains = new()
        {
            [typeof(ISequenceGrain)] = client.Grains.GetGrain<ISequenceGrain>("a:x"),
            [typeof(IKvShardGrain)] = client.Grains.GetGrain<IKvShardGrain>($"{Guid.NewGuid():N}/0/0"),
            [typeof(IAttentionCoordinatorGrain)] = client.Grains.GetGrain<IAttentionCoordinatorGrain>(0),
            [typeof(IClusterReportGrain)] = client.Grains.GetGrain<IClusterReportGrain>(0),
            [typeof(IRebalanceGrain)] = client.Grains.GetGrain<IRebalanceGrain>(0),
            [typeof(ISequenceCatalogGrain)] = client.Grains.GetGrain<ISequenceCatalogGrain>(0),
        };
        Assert.Empty(_interfaces.Where(static t => t.IsAssignableTo(typeof(IGrain)) && !t.IsAssignableTo(typeof(Orleans.Services.IGrainService))).Except(grains.Keys));
        return grains.SelectMany(static g => g.Key.GetInterfaces().Append(g.Key)
            .Where(_interfaces.Contains)
            .SelectMany(static t => t.GetMethods())
            .Where(static m => m.GetCustomAttribute<OneWayAttribute>() is null)
            .Select(m => (g.Value, m)));
    }
}
