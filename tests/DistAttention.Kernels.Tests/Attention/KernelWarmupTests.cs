using System.Runtime;

namespace DistAttention.Kernels.Tests.Attention;

public sealed class KernelWarmupTests
{
    /// <summary>Counted on this thread: what the call itself needs is compiled; kernels of one storage type are some forty methods.</summary>
    [Theory]
    [InlineData(KvDataType.Float32)]
    [InlineData(KvDataType.Float16)]
    [InlineData(KvDataType.BFloat16)]
    [InlineData(KvDataType.Int8)]
    public void AfterAWarmupNothingOfAKernelIsCompiledAnew(KvDataType type)
    {
        using KernelScratch scratch = new();
        KernelWarmup.Run(type, scratch);

        long before = JitInfo.GetCompiledMethodCount(currentThread: true);
        KernelWarmup.Run(type, scratch);

        Assert.Equal(before, JitInfo.GetCompiledMethodCount(currentThread: true));
    }
}
