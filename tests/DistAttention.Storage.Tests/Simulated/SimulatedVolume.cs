using System.Runtime.InteropServices;
using DistAttention.Storage.Files;

namespace DistAttention.Storage.Tests.Simulated;

/// <summary>
/// A disk in memory that can crash and fail. What was written since the last sync may be lost, kept, or torn at sector
/// boundaries; names, made durable by the volume's own calls, stay.
/// </summary>
internal sealed class SimulatedVolume : IVolume
{
    private const int Sector = 512;

    private readonly Lock _lock = new();
    private readonly SortedDictionary<string, Node> _files = new(StringComparer.Ordinal);

    /// <summary>Asked before each write, sync and creation; what it throws is the device's failure.</summary>
    public Action<string, string>? OnDevice { get; set; }

    public DateTimeOffset Now { get; set; } = new(2026, 1, 1, 0, 0, 0, TimeSpan.Zero);

    /// <summary>The files whose names contain a text.</summary>
    public IReadOnlyList<string> Paths(string containing)
    {
        lock (_lock)
        {
            return [.. _files.Keys.Where(p => p.Contains(containing, StringComparison.Ordinal))];
        }
    }

    public byte[] Bytes(string path)
    {
        lock (_lock)
        {
            return [.. _files[path].Live];
        }
    }

    /// <summary>Puts bytes on the device, behind the program's back.</summary>
    public void Plant(string path, byte[] bytes)
    {
        lock (_lock)
        {
            _files[path].Live = [.. bytes];
            _files[path].Durable = [.. bytes];
        }
    }

    /// <summary>The power goes: every file keeps what was synced, and of the rest whichever sectors chance decides.</summary>
    public void Crash(Random chance)
    {
        lock (_lock)
        {
            foreach (Node node in _files.Values.Distinct())
            {
                node.Crash(chance);
            }
        }
    }

    public ValueTask<IVolumeFile> CreateAsync(string path)
    {
        OnDevice?.Invoke("create", path);
        lock (_lock)
        {
            if (_files.ContainsKey(path))
            {
                throw new StorageException(path, "exists already");
            }

            Node node = new() { Changed = Now };
            _files.Add(path, node);
            return new(new Handle(this, path, node));
        }
    }

    public ValueTask<IVolumeFile?> OpenAsync(string path, bool write)
    {
        lock (_lock)
        {
            return new(_files.TryGetValue(path, out Node? node) ? new Handle(this, path, node) : null);
        }
    }

    public ValueTask<IReadOnlyList<string>> ListAsync(string folder)
    {
        string prefix = folder.Length == 0 ? "" : folder + "/";
        lock (_lock)
        {
            return new([.. _files.Keys.Where(p => p.StartsWith(prefix, StringComparison.Ordinal)).Select(p => p[prefix.Length..].Split('/')[0]).Distinct()]);
        }
    }

    public ValueTask<DateTimeOffset?> ChangedAsync(string path)
    {
        lock (_lock)
        {
            return new(_files.TryGetValue(path, out Node? node) ? node.Changed : null);
        }
    }

    public ValueTask LinkAsync(string path, string second)
    {
        lock (_lock)
        {
            _files.Add(second, _files[path]);
        }

        return default;
    }

    public ValueTask MoveAsync(string path, string target)
    {
        OnDevice?.Invoke("move", path);
        lock (_lock)
        {
            _files.Remove(path, out Node? node);
            _files[target] = node!;
        }

        return default;
    }

    public ValueTask DeleteAsync(string path)
    {
        lock (_lock)
        {
            foreach (string gone in _files.Keys.Where(p => p == path || p.StartsWith(path + "/", StringComparison.Ordinal)).ToList())
            {
                _files.Remove(gone);
            }
        }

        return default;
    }

    public ValueTask<IAsyncDisposable> LockAsync(string path, CancellationToken cancellationToken) => new(new NoLock());

    private sealed class NoLock : IAsyncDisposable
    {
        public ValueTask DisposeAsync() => default;
    }

    private sealed class Node
    {
        public List<byte> Live { get; set; } = [];

        public byte[] Durable { get; set; } = [];

        public DateTimeOffset Changed { get; set; }

        public void Crash(Random chance)
        {
            int length = chance.Next(Math.Min(Durable.Length, Live.Count), Math.Max(Durable.Length, Live.Count) + 1);
            byte[] left = new byte[length];
            for (int at = 0; at < length; at += Sector)
            {
                int end = Math.Min(length, at + Sector);
                bool written = chance.Next(2) == 0;
                for (int i = at; i < end; i++)
                {
                    left[i] = written && i < Live.Count ? Live[i] : i < Durable.Length ? Durable[i] : (byte)0;
                }
            }

            Live = [.. left];
            Durable = left;
        }
    }

    private sealed class Handle(SimulatedVolume volume, string path, Node node) : IVolumeFile
    {
        public string Path => path;

        public long Length
        {
            get
            {
                lock (volume._lock)
                {
                    return node.Live.Count;
                }
            }
        }

        public ValueTask<int> ReadAsync(long offset, Memory<byte> buffer)
        {
            lock (volume._lock)
            {
                int count = (int)Math.Clamp(node.Live.Count - offset, 0, buffer.Length);
                CollectionsMarshal.AsSpan(node.Live).Slice((int)Math.Min(offset, node.Live.Count), count).CopyTo(buffer.Span);
                return new(count);
            }
        }

        public ValueTask WriteAsync(long offset, ReadOnlyMemory<byte> bytes)
        {
            volume.OnDevice?.Invoke("write", path);
            lock (volume._lock)
            {
                while (node.Live.Count < offset + bytes.Length)
                {
                    node.Live.Add(0);
                }

                for (int i = 0; i < bytes.Length; i++)
                {
                    node.Live[(int)offset + i] = bytes.Span[i];
                }
            }

            return default;
        }

        public ValueTask TruncateAsync(long length)
        {
            lock (volume._lock)
            {
                node.Live.RemoveRange((int)length, node.Live.Count - (int)length);
            }

            return default;
        }

        public ValueTask SyncAsync()
        {
            volume.OnDevice?.Invoke("sync", path);
            lock (volume._lock)
            {
                node.Durable = [.. node.Live];
            }

            return default;
        }

        public void Dispose()
        {
        }
    }
}
