using DistAttention.Simulator.Running;

return CommandLine.Run(args);
