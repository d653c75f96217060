using DistAttention.Chaos.Running;

return await CommandLine.RunAsync(args).ConfigureAwait(false);
