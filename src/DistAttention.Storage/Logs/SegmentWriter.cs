using System.Buffers;
using DistAttention.Engine.Memory;
using DistAttention.Engine.Shards;
using DistAttention.Kernels;
using DistAttention.Storage.Files;

namespace DistAttention.Storage.Logs;

/// <summary>
/// Appends rows to one segment, which it alone writes. Group commit: appends that wait at the same time share one sync.
/// After a failed write or sync nothing more is written here, since what the device holds is then unknown. The file is closed
/// when the last lease ends.
/// </summary>
internal sealed class SegmentWriter : CountedLease
{
    private readonly IVolumeFile _file;
    private readonly SegmentHeader _header;
    private readonly SemaphoreSlim _turn = new(1, 1);
    private readonly SemaphoreSlim _syncTurn = new(1, 1);
    private long _length;
    private long _durable;
    private bool _broken;

    private SegmentWriter(IVolumeFile file, SegmentHeader header)
    {
        _file = file;
        _header = header;
        _length = SegmentHeader.Length;
    }

    /// <summary>Whether an earlier failure has ended this segment.</summary>
    public bool IsBroken => Volatile.Read(ref _broken);

    /// <summary>Starts a segment. It is durable with its first rows.</summary>
    public static async ValueTask<SegmentWriter> CreateAsync(IVolume volume, string path, SegmentHeader header)
    {
        IVolumeFile file = await volume.CreateAsync(path).ConfigureAwait(false);
        try
        {
            byte[] bytes = new byte[SegmentHeader.Length];
            header.Write(bytes);
            await file.WriteAsync(0, bytes).ConfigureAwait(false);
            return new SegmentWriter(file, header);
        }
        catch
        {
            file.Dispose();
            throw;
        }
    }

    /// <summary>When rows were last appended, in ticks of the system's clock.</summary>
    public long LastUsed { get; private set; } = Environment.TickCount64;

    /// <summary>Appends rows; completes when they are durable.</summary>
    public async ValueTask AppendAsync(ShardWrite write, CancellationToken cancellationToken)
    {
        long end;
        await _turn.WaitAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            ThrowIfBroken();
            LastUsed = Environment.TickCount64;
            await WriteRecordsAsync(write).ConfigureAwait(false);
            end = _length;
        }
        catch
        {
            Volatile.Write(ref _broken, true);
            throw;
        }
        finally
        {
            _turn.Release();
        }

        await SyncAsync(end).ConfigureAwait(false);
    }

    /// <inheritdoc/>
    protected override void Free()
    {
        _file.Dispose();
        _turn.Dispose();
        _syncTurn.Dispose();
    }

    private async ValueTask WriteRecordsAsync(ShardWrite write)
    {
        KvLayout layout = _header.Layout;
        byte[] buffer = ArrayPool<byte>.Shared.Rent(RecordParts.LongestRecord(layout, write));
        try
        {
            for (int first = 0; first < write.Count;)
            {
                RecordHeader record = RecordParts.Encode(layout, write, first, (_length, Volatile.Read(ref _durable)), buffer);
                await _file.WriteAsync(_length, buffer.AsMemory(0, RecordHeader.Length + (int)record.PayloadLength)).ConfigureAwait(false);
                _length = record.End;
                first += record.Count;
            }
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }

    /// <summary>One sync at a time; whoever waited for one that covered its rows needs none of its own.</summary>
    private async ValueTask SyncAsync(long end)
    {
        await _syncTurn.WaitAsync().ConfigureAwait(false);
        try
        {
            if (_durable >= end)
            {
                return;
            }

            ThrowIfBroken();
            long length = Volatile.Read(ref _length);
            await _file.SyncAsync().ConfigureAwait(false);
            Volatile.Write(ref _durable, length);
        }
        catch
        {
            Volatile.Write(ref _broken, true);
            throw;
        }
        finally
        {
            _syncTurn.Release();
        }
    }

    private void ThrowIfBroken()
    {
        if (IsBroken)
        {
            throw new StorageException(_file.Path, "is not written any more after an earlier failure");
        }
    }
}
