using DistAttention.Contracts.Tls;
using DistAttention.Grains;
using DistAttention.Silo.Http;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace DistAttention.Silo.Lifetime;

/// <summary>Says at the start who can reach this silo and who may call it.</summary>
internal sealed partial class SecurityNotice(TlsSettings tls, AccessOptions access, HttpOptions http, ILogger<SecurityNotice> log) : IHostedService
{
    public Task StartAsync(CancellationToken cancellationToken)
    {
        if (!tls.IsOn && !access.IsOn)
        {
            LogOff(log);
            return Task.CompletedTask;
        }

        LogOn(log, tls.IsOn ? "mutual" : "off", access.Tokens.Count, access.Tokens.Select(static t => t.Tenant).Distinct().Count());
        if (!tls.IsOn)
        {
            LogInTheClear(log);
        }
        else if (tls.SiloName is null)
        {
            LogAnyCertificate(log);
        }

        if (tls.IsOn && access.IsOn && http is { IsOn: true, Https: false })
        {
            LogHttpInTheClear(log);
        }

        return Task.CompletedTask;
    }

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;
}
