using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;
using DistAttention;
using DistAttention.DigestRunner;
using DistAttention.Testing;

if (args is not ["small" or "all"])
{
    Console.Error.WriteLine("usage: DistAttention.DigestRunner small|all");
    return 2;
}

bool all = args[0] == "all";
Console.WriteLine($"# arithmetic version {SequenceFormat.ArithmeticVersion}");
Console.Error.WriteLine($"Vector512 {Vector512.IsHardwareAccelerated}, Vector256 {Vector256.IsHardwareAccelerated}, Avx2 {Avx2.IsSupported}, Fma {Fma.IsSupported}");
foreach ((string name, string digest) in all ? DigestCases.All() : DigestCases.Small())
{
    Console.WriteLine($"kernels/{name} {digest}");
}

await foreach ((string name, string digest) in EmbeddedCases.RunAsync(all))
{
    Console.WriteLine($"embedded/{name} {digest}");
}

return 0;
