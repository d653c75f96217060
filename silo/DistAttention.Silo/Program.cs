using DistAttention.Silo;
using DistAttention.Silo.Lifetime;
using DistAttention.Silo.Options.Listing;
using Microsoft.Extensions.Hosting;

try
{
    if (args is [OptionsPage.Argument])
    {
        OptionsPage.Write(Console.Out);
        return ExitCode.Ok;
    }

    if (HelpPage.IsAskedFor(args))
    {
        HelpPage.Write(Console.Out);
        return ExitCode.Ok;
    }

    using IHost host = SiloHost.CreateBuilder(args).Build();
    await host.RunAsync().ConfigureAwait(false);
    return ExitCode.Ok;
}
catch (Exception error)
{
    return StartFailure.Report(error);
}
