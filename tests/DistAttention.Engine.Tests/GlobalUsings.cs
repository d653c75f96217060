global using DistAttention.Testing;
