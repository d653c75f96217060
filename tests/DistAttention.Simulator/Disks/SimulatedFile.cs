namespace DistAttention.Simulator.Disks;

/// <summary>The bytes of a file as programs read them, and as the device would give them back after a crash.</summary>
internal sealed class SimulatedFile
{
    private const int Sector = 512;

    private readonly Lock _lock = new();
    private readonly List<(int From, int To)> _dirty = [];
    private byte[] _live = [];
    private byte[] _durable = [];
    private int _length;
    private int _durableLength;

    public DateTimeOffset Changed { get; set; }

    public int Length
    {
        get
        {
            lock (_lock)
            {
                return _length;
            }
        }
    }

    public byte[] Bytes() => _live[.._length];

    public void Plant(byte[] bytes)
    {
        lock (_lock)
        {
            (_live, _durable) = ([.. bytes], [.. bytes]);
            _length = _durableLength = bytes.Length;
            _dirty.Clear();
        }
    }

    public int Read(long offset, Span<byte> buffer)
    {
        lock (_lock)
        {
            int count = (int)Math.Clamp(_length - offset, 0, buffer.Length);
            _live.AsSpan((int)Math.Min(offset, _length), count).CopyTo(buffer);
            return count;
        }
    }

    public void Write(long offset, ReadOnlySpan<byte> bytes)
    {
        lock (_lock)
        {
            int from = checked((int)offset);
            int to = from + bytes.Length;
            Reserve(ref _live, to);
            if (from > _length)
            {
                _live.AsSpan(_length, from - _length).Clear();
            }

            bytes.CopyTo(_live.AsSpan(from));
            _length = Math.Max(_length, to);
            _dirty.Add((from, to));
        }
    }

    public void Truncate(long length)
    {
        lock (_lock)
        {
            int kept = Math.Min(_length, (int)length);
            _live.AsSpan(kept, _length - kept).Clear();
            _length = kept;
        }
    }

    public void Sync()
    {
        lock (_lock)
        {
            Reserve(ref _durable, _length);
            foreach ((int from, int to) in _dirty)
            {
                int end = Math.Min(to, _length);
                if (from < end)
                {
                    _live.AsSpan(from, end - from).CopyTo(_durable.AsSpan(from));
                }
            }

            if (_length < _durableLength)
            {
                _durable.AsSpan(_length, _durableLength - _length).Clear();
            }

            _durableLength = _length;
            _dirty.Clear();
        }
    }

    /// <summary>The device fails to take what was written; the system forgets that it was not taken.</summary>
    public void FailSync()
    {
        lock (_lock)
        {
            _dirty.Clear();
        }
    }

    public void Crash(Random chance)
    {
        lock (_lock)
        {
            int length = chance.Next(Math.Min(_durableLength, _length), Math.Max(_durableLength, _length) + 1);
            byte[] left = new byte[length];
            for (int at = 0; at < length; at += Sector)
            {
                int end = Math.Min(length, at + Sector);
                bool written = chance.Next(2) == 0;
                byte[] source = written && at < _length ? _live : _durable;
                int known = Math.Min(end, written && at < _length ? _length : _durableLength);
                if (known > at)
                {
                    source.AsSpan(at, known - at).CopyTo(left.AsSpan(at));
                }
            }

            (_live, _durable) = (left, [.. left]);
            _length = _durableLength = length;
            _dirty.Clear();
        }
    }

    private static void Reserve(ref byte[] bytes, int length)
    {
        if (bytes.Length < length)
        {
            Array.Resize(ref bytes, Math.Max(length, bytes.Length * 2));
        }
    }
}
