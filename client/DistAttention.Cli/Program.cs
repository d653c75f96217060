using DistAttention.Cli.Output;
using DistAttention.Cli.Shell;

return await CommandLineProgram.RunAsync(args, CliConsole.ForProcess()).ConfigureAwait(false);
