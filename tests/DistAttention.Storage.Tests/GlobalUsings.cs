global using DistAttention.ClientSuite;
global using DistAttention.Testing;
