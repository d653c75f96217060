using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics.X86;

namespace DistAttention.Kernels;

/// <summary>
/// Fetches what prefill will read of its next tile into the second-level cache while the current one is computed: in address order
/// and evenly, because panels and rows are too short for the hardware's own guess, and a burst would make loads wait. A hint
/// only: it changes no bit, and any address is allowed.
/// </summary>
internal unsafe struct Ahead
{
    private const int KeyPanels = KvLayout.Panels;

    private readonly byte* _head;
    private readonly nint _keyPanelBytes;
    private readonly nint _valuePanelBytes;
    private readonly nint _valueOffset;
    private readonly nint _fullStep;
    private byte* _next;
    private nint _left; // of the part being fetched
    private uint _parts; // not begun: bits 0 to 15 panels of keys, 16 to 31 as many keys' values

    private Ahead(byte* head, KvLayout layout, uint parts, long steps)
    {
        _head = head;
        _keyPanelBytes = (nint)layout.PanelStride * layout.ElementBytes;
        _valueOffset = (nint)layout.ValueOffset;
        _valuePanelBytes = ((nint)layout.HeadBytes - _valueOffset) / KeyPanels; // scales spread over them
        _fullStep = (nint)((layout.HeadBytes + (2 * steps) - 1) / (2 * steps));
        _next = head;
        _parts = parts;
    }

    /// <summary>Bytes to fetch per step of an inner loop that began where <see cref="Take"/> said.</summary>
    public nint Step { get; private set; }

    /// <summary>Nothing to fetch.</summary>
    public static Ahead Nothing(void* anywhere) => new() { _next = (byte*)anywhere };

    /// <summary>The parts of a tile that will be read.</summary>
    /// <param name="head">One head's section of the tile's block.</param>
    /// <param name="layout">The block's layout.</param>
    /// <param name="keyPanels">Bit i: keys 16 · i to 16 · i + 15 will be read.</param>
    /// <param name="withValues">Whether their values will be, too.</param>
    /// <param name="steps">Steps of the inner loops that compute a whole tile: what one of them is to fetch follows from that.</param>
    public static Ahead Over(byte* head, KvLayout layout, uint keyPanels, bool withValues, long steps) =>
        new(head, layout, withValues && !layout.ValueFromKeyPrefix ? keyPanels | (keyPanels << KeyPanels) : keyPanels, steps);

    /// <summary>Where an inner loop of so many steps is to begin.</summary>
    public byte* Take(nint steps)
    {
        if (_left <= 0)
        {
            if (_parts == 0)
            {
                Step = 0;
                return _next;
            }

            int part = BitOperations.TrailingZeroCount(_parts);
            _parts &= _parts - 1;
            bool key = part < KeyPanels;
            _next = key ? _head + (part * _keyPanelBytes) : _head + _valueOffset + ((part - KeyPanels) * _valuePanelBytes);
            _left = key ? _keyPanelBytes : _valuePanelBytes;
            Step = _fullStep;
        }

        byte* from = _next;
        _next += steps * _fullStep;
        _left -= steps * _fullStep;
        return from;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Fetch(byte* address)
    {
        if (Sse.IsSupported)
        {
            Sse.Prefetch1(address);
        }
    }
}
