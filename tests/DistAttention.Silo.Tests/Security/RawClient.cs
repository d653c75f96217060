using System.Reflection;
using DistAttention.Contracts;
using DistAttention.Contracts.Access;
using DistAttention.Contracts.Tls;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging.Abstractions;
using Orleans.Configuration;
using Orleans.Hosting;
using Orleans.Runtime;

namespace DistAttention.Silo.Tests.Security;

/// <summary>A client that sends what it likes: any header, any call, to any grain.</summary>
internal sealed class RawClient : IAsyncDisposable
{
    private readonly IHost _host;

    private RawClient(IHost host) => _host = host;

    public IClusterClient Grains => _host.Services.GetRequiredService<IClusterClient>();

    public static async Task<RawClient> ConnectAsync(SecureCluster cluster)
    {
        TlsChannel channel = new(cluster.ClientTls, TimeProvider.System, NullLoggerFactory.Instance);
        HostApplicationBuilder builder = Host.CreateEmptyApplicationBuilder(new HostApplicationBuilderSettings { DisableDefaults = true });
        builder.Services.AddLogging();
        builder.UseOrleansClient(client =>
        {
            client.Configure<ClusterOptions>(static o => (o.ClusterId, o.ServiceId) = ("distattention", "distattention"));
            client.UseStaticClustering([.. cluster.Gateways]);
            client.Configure<ClientConnectionOptions>(o => o.ConfigureConnection(channel.ToSilo));
            client.Services.AddSingleton<Orleans.Serialization.ITypeNameFilter, PackedTypes>();
        });
        RawClient raw = new(builder.Build());
        await raw._host.StartAsync();
        return raw;
    }

    /// <summary>Sends headers with the calls that an action makes.</summary>
    public static async Task<T> WithAsync<T>((string Name, object Value)[] headers, Func<Task<T>> call)
    {
        foreach ((string name, object value) in headers)
        {
            RequestContext.Set(name, value);
        }

        return await call();
    }

    /// <summary>What a call with arguments of no meaning ends with; null if it is answered.</summary>
    public static async Task<Exception?> CallAsync(object grain, MethodInfo method, params (string Name, object Value)[] headers)
    {
        object?[] arguments = [.. method.GetParameters().Select(static p => ArgumentOf(p.ParameterType))];
        try
        {
            await WithAsync(headers, async () =>
            {
                await ((Task)method.Invoke(grain, arguments)!).WaitAsync(TimeSpan.FromSeconds(10));
                return true;
            });
            return null;
        }
        catch (Exception error)
        {
            return error;
        }
    }

    public async ValueTask DisposeAsync()
    {
        await _host.StopAsync();
        _host.Dispose();
    }

    private static object? ArgumentOf(Type type) =>
        type == typeof(string) ? "b:x"
        : type.IsArray ? Array.CreateInstance(type.GetElementType()!, 0)
        : type.IsValueType ? Activator.CreateInstance(type)
        : null;
}
