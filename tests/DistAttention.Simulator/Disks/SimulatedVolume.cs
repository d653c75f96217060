using DistAttention.Storage.Files;

namespace DistAttention.Simulator.Disks;

/// <summary>
/// A disk in memory that can crash and fail. What was written since the last sync may be lost, kept, or torn at sector
/// boundaries; names, made durable by the volume's own calls, stay. After a sync that failed, what it should have made durable is read as
/// written until a crash, and never made durable by a later sync: as Linux does (Rebello and others, Can Applications Recover from fsync
/// Failures?, 2020).
/// </summary>
public sealed class SimulatedVolume : IVolume
{
    private readonly Lock _lock = new();
    private readonly SortedDictionary<string, SimulatedFile> _files = new(StringComparer.Ordinal);
    private readonly Dictionary<string, Queue<TaskCompletionSource>> _locks = [];

    /// <summary>Asked before each write, sync and creation; what it throws is the device's failure.</summary>
    public Action<string, string>? OnDevice { get; set; }

    /// <summary>When what changes now is said to have changed.</summary>
    public Func<DateTimeOffset> Clock { get; set; } = static () => new DateTimeOffset(2026, 1, 1, 0, 0, 0, TimeSpan.Zero);

    /// <summary>The files whose names contain a text.</summary>
    public IReadOnlyList<string> Paths(string containing)
    {
        lock (_lock)
        {
            return [.. _files.Keys.Where(p => p.Contains(containing, StringComparison.Ordinal))];
        }
    }

    /// <summary>The bytes of a file.</summary>
    public byte[] Bytes(string path)
    {
        lock (_lock)
        {
            return _files[path].Bytes();
        }
    }

    /// <summary>Puts bytes on the device, behind the program's back.</summary>
    public void Plant(string path, byte[] bytes)
    {
        lock (_lock)
        {
            _files[path].Plant(bytes);
        }
    }

    /// <summary>The system forgets what it has not written to the device, as it does where a sync has failed: no later sync makes it durable.</summary>
    public void ForgetUnsynced()
    {
        lock (_lock)
        {
            foreach (SimulatedFile file in _files.Values.Distinct())
            {
                file.FailSync();
            }
        }
    }

    /// <summary>The power goes: every file keeps what was synced, and of the rest whichever sectors chance decides.</summary>
    public void Crash(Random chance)
    {
        lock (_lock)
        {
            foreach (SimulatedFile file in _files.Values.Distinct())
            {
                file.Crash(chance);
            }
        }
    }

    /// <inheritdoc/>
    public ValueTask<IVolumeFile> CreateAsync(string path)
    {
        OnDevice?.Invoke("create", path);
        lock (_lock)
        {
            if (_files.ContainsKey(path))
            {
                throw new StorageException(path, "exists already");
            }

            SimulatedFile file = new() { Changed = Clock() };
            _files.Add(path, file);
            return new(new SimulatedHandle(this, path, file));
        }
    }

    /// <inheritdoc/>
    public ValueTask<IVolumeFile?> OpenAsync(string path, bool write)
    {
        lock (_lock)
        {
            return new(_files.TryGetValue(path, out SimulatedFile? file) ? new SimulatedHandle(this, path, file) : null);
        }
    }

    /// <inheritdoc/>
    public ValueTask<IReadOnlyList<string>> ListAsync(string folder)
    {
        string prefix = folder.Length == 0 ? "" : folder + "/";
        lock (_lock)
        {
            return new([.. _files.Keys.Where(p => p.StartsWith(prefix, StringComparison.Ordinal)).Select(p => p[prefix.Length..].Split('/')[0]).Distinct()]);
        }
    }

    /// <inheritdoc/>
    public ValueTask<DateTimeOffset?> ChangedAsync(string path)
    {
        lock (_lock)
        {
            if (_files.TryGetValue(path, out SimulatedFile? file))
            {
                return new(file.Changed);
            }

            // A folder changes when a name in it is made.
            string folder = path + "/";
            return new(_files.Where(f => f.Key.StartsWith(folder, StringComparison.Ordinal)).Select(static f => (DateTimeOffset?)f.Value.Changed).Max());
        }
    }

    /// <inheritdoc/>
    public ValueTask LinkAsync(string path, string second)
    {
        OnDevice?.Invoke("link", path);
        lock (_lock)
        {
            if (!_files.TryGetValue(path, out SimulatedFile? file))
            {
                throw new StorageException(path, "is gone");
            }

            if (!_files.TryAdd(second, file))
            {
                throw new StorageException(second, "exists already");
            }
        }

        return default;
    }

    /// <inheritdoc/>
    public ValueTask MoveAsync(string path, string target)
    {
        OnDevice?.Invoke("move", path);
        lock (_lock)
        {
            if (!_files.Remove(path, out SimulatedFile? file))
            {
                throw new StorageException(path, "is gone");
            }

            _files[target] = file;
        }

        return default;
    }

    /// <inheritdoc/>
    public ValueTask DeleteAsync(string path)
    {
        OnDevice?.Invoke("delete", path);
        lock (_lock)
        {
            if (!_files.Remove(path))
            {
                string folder = path + "/";
                foreach (string gone in _files.Keys.Where(p => p.StartsWith(folder, StringComparison.Ordinal)).ToList())
                {
                    _files.Remove(gone);
                }
            }
        }

        return default;
    }

    /// <inheritdoc/>
    public async ValueTask<IAsyncDisposable> LockAsync(string path, CancellationToken cancellationToken)
    {
        TaskCompletionSource? turn = null;
        lock (_lock)
        {
            if (!_locks.TryGetValue(path, out Queue<TaskCompletionSource>? waiting))
            {
                _locks.Add(path, new Queue<TaskCompletionSource>());
            }
            else
            {
                turn = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
                waiting.Enqueue(turn);
            }
        }

        if (turn is not null)
        {
            using CancellationTokenRegistration canceled = cancellationToken.Register(() => turn.TrySetCanceled(cancellationToken));
            await turn.Task.ConfigureAwait(false);
        }

        return new Held(this, path);
    }

    internal void Invoke(string operation, string path) => OnDevice?.Invoke(operation, path);

    private void Unlock(string path)
    {
        lock (_lock)
        {
            Queue<TaskCompletionSource> waiting = _locks[path];
            while (waiting.TryDequeue(out TaskCompletionSource? next))
            {
                if (next.TrySetResult())
                {
                    return;
                }
            }

            _locks.Remove(path);
        }
    }

    private sealed class Held(SimulatedVolume volume, string path) : IAsyncDisposable
    {
        private bool _held = true;

        public ValueTask DisposeAsync()
        {
            if (_held)
            {
                _held = false;
                volume.Unlock(path);
            }

            return default;
        }
    }
}
