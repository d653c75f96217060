using System.Diagnostics;
using DistAttention.Engine.Compute;
using DistAttention.Engine.Memory;
using DistAttention.Kernels;

namespace DistAttention.Cli.Bench.Measuring;

/// <summary>What the machine can do at most, on a number of threads. Measured again and again, because other work shares the machine.</summary>
internal sealed class Limits : IDisposable
{
    private const int Items = 64;
    private const int ReadBlocks = 4;
    private const int BytesPerReadBlock = 128 << 20;
    private const int BytesPerItem = ReadBlocks * (BytesPerReadBlock / Items);

    private static readonly TimeSpan _multiplyAddTime = TimeSpan.FromMilliseconds(30);

    private readonly ComputePool _pool;
    private readonly ByteBudget _budget = new(long.MaxValue);
    private readonly List<KvBlock> _blocks = []; // made when first read
    private long _steps;
    private TimeSpan _wall;
    private TimeSpan _worked;

    public Limits(int threads) => _pool = new ComputePool(threads, Items);

    public int Threads => _pool.Threads;

    /// <summary>Part of the wanted processor time that this process was given while limits were measured; the rest went to other work.</summary>
    public double ProcessorShare => _worked / (_wall * Threads);

    /// <summary>Fused multiply-adds, as operations per second.</summary>
    public async Task<double> FlopsAsync()
    {
        if (_steps == 0)
        {
            _steps = 1 << 14;
            _steps = (long)(_steps * (_multiplyAddTime / await FlopsOnceAsync().ConfigureAwait(false)));
        }

        TimeSpan time = await FlopsOnceAsync().ConfigureAwait(false);
        return Items * _steps * MachineLimits.FlopsPerStep / time.TotalSeconds;
    }

    /// <summary>Reading memory that is in no cache, in bytes per second.</summary>
    public async Task<double> ReadAsync()
    {
        MakeBlocks();
        TimeSpan time = await TimeAsync(Items, item =>
        {
            for (int block = 0; block < ReadBlocks; block++)
            {
                float read = MachineLimits.Read(_blocks[block].Bytes.Slice(item * (BytesPerReadBlock / Items), BytesPerReadBlock / Items));
                GC.KeepAlive(read);
            }
        }).ConfigureAwait(false);
        return (double)Items * BytesPerItem / time.TotalSeconds;
    }

    /// <summary>Copying memory that is in no cache, in bytes copied per second.</summary>
    public async Task<double> CopyAsync()
    {
        MakeBlocks();
        TimeSpan time = await TimeAsync(Items, item =>
        {
            int bytes = BytesPerReadBlock / Items;
            for (int block = 0; block < ReadBlocks; block += 2)
            {
                _blocks[block].Bytes.Slice(item * bytes, bytes).CopyTo(_blocks[block + 1].Bytes[(item * bytes)..]);
            }
        }).ConfigureAwait(false);
        return Items * BytesPerItem / 2.0 / time.TotalSeconds;
    }

    /// <summary>Runs items on the threads.</summary>
    public async Task<TimeSpan> TimeAsync(int items, Action<int> work)
    {
        long start = Stopwatch.GetTimestamp();
        TimeSpan worked = Environment.CpuUsage.TotalTime;
        await _pool.RunAsync(new PoolJob(items, work)).ConfigureAwait(false);
        TimeSpan time = Stopwatch.GetElapsedTime(start);
        _worked += Environment.CpuUsage.TotalTime - worked;
        _wall += time;
        return time;
    }

    public void Dispose()
    {
        _pool.Dispose();
        foreach (KvBlock block in _blocks)
        {
            block.Release();
        }
    }

    private Task<TimeSpan> FlopsOnceAsync() => TimeAsync(Items, _ => GC.KeepAlive(MachineLimits.MultiplyAdd(_steps)));

    private void MakeBlocks()
    {
        while (_blocks.Count < ReadBlocks)
        {
            KvBlock block = new(BytesPerReadBlock, _budget);
            block.Bytes.Fill(1); // memory never written is one page of zeros, in cache
            _blocks.Add(block);
        }
    }
}
