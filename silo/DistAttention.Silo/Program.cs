using DistAttention.Silo;
using DistAttention.Silo.Lifetime;
using Microsoft.Extensions.Hosting;

try
{
    using IHost host = SiloHost.CreateBuilder(args).Build();
    await host.RunAsync().ConfigureAwait(false);
    return ExitCode.Ok;
}
catch (Exception error)
{
    return StartFailure.Report(error);
}
