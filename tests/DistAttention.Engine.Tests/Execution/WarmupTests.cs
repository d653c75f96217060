using DistAttention.Engine.Compute;
using DistAttention.Engine.Execution;
using DistAttention.Engine.Memory;
using DistAttention.Engine.Shards;
using DistAttention.Engine.Tests.Embedded;
using DistAttention.Kernels;

namespace DistAttention.Engine.Tests.Execution;

public sealed class WarmupTests
{
    private static readonly AttentionProblem _problem = new() { Seed = 5, Length = 300, HeadDim = 4, HeadDimV = 4 };

    [Fact]
    public async Task KernelsAreCompiledOncePerStorageTypeWhenRowsComeIn()
    {
        using ComputePool pool = new(threads: 1, maxQueuedJobs: 100);
        using ShardRegistry registry = new(new ByteBudget(long.MaxValue), new ResidentShardStore());
        ShardService service = new(registry, pool);

        await WriteAsync(KvDataType.Float32, blocks: 1);
        await WriteAsync(KvDataType.Float32, blocks: 2);
        await WriteAsync(KvDataType.BFloat16, blocks: 1);
        CountJob last = new(pool); // behind everything else: one thread, the first comes first
        await pool.RunAsync(last);

        const int Packed = 1 + 2 + 1;
        const int Warmups = 2;
        Assert.Equal(Packed + Warmups, last.ItemsBefore);

        async Task WriteAsync(KvDataType type, int blocks)
        {
            int count = ((blocks - 1) * SequenceFormat.BlockLength) + 1;
            await service.WriteAsync(
                new ShardWrite(new ShardId(Guid.NewGuid(), 0, 0), _problem.Spec(1024) with { KvType = type }, 1, OperationId.New(), 0, count, _problem.KRows(0, count), _problem.VRows(0, count)),
                CancellationToken.None);
        }
    }

    private sealed class CountJob(ComputePool pool) : ComputeJob(1, isShort: false, CancellationToken.None)
    {
        public long ItemsBefore { get; private set; }

        protected override void Run(int item, KernelScratch scratch) => ItemsBefore = pool.ItemsRun;
    }
}
