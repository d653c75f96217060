using DistAttention.Fuzz.Running;

return CommandLine.Run(args);
