using System.Runtime.CompilerServices;

namespace DistAttention.Kernels;

/// <summary>One vector.</summary>
internal unsafe struct LaneRow1<TLanes, TVec> : ILaneRow<LaneRow1<TLanes, TVec>, TLanes, TVec>
    where TLanes : struct, ILanes<TVec>
    where TVec : struct
{
    private TVec _a;

    public static int Vectors => 1;

    public static LaneRow1<TLanes, TVec> Zero
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => new() { _a = TLanes.Zero };
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static LaneRow1<TLanes, TVec> Load(float* source) => new() { _a = TLanes.Load(source) };

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static LaneRow1<TLanes, TVec> Columns<TElement>(byte* source)
        where TElement : struct, IKvElement => new() { _a = TElement.Load<TLanes, TVec>(source, 0) };

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static LaneRow1<TLanes, TVec> Keys<TElement>(byte* source, nint panel)
        where TElement : struct, IKvElement => Columns<TElement>(source);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static LaneRow1<TLanes, TVec> Multiply(LaneRow1<TLanes, TVec> row, TVec factor) => new() { _a = TLanes.Multiply(row._a, factor) };

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Fma(TVec factor, in LaneRow1<TLanes, TVec> row) => _a = TLanes.Fma(factor, row._a, _a);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static TVec Largest(in LaneRow1<TLanes, TVec> row) => row._a;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Store(float* destination, LaneRow1<TLanes, TVec> row) => TLanes.Store(destination, row._a);
}

/// <summary>Two vectors: with eight queries, 16 chains.</summary>
internal unsafe struct LaneRow2<TLanes, TVec> : ILaneRow<LaneRow2<TLanes, TVec>, TLanes, TVec>
    where TLanes : struct, ILanes<TVec>
    where TVec : struct
{
    private TVec _a;
    private TVec _b;

    public static int Vectors => 2;

    public static LaneRow2<TLanes, TVec> Zero
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => new() { _a = TLanes.Zero, _b = TLanes.Zero };
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static LaneRow2<TLanes, TVec> Load(float* source) => new() { _a = TLanes.Load(source), _b = TLanes.Load(source + TLanes.Count) };

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static LaneRow2<TLanes, TVec> Columns<TElement>(byte* source)
        where TElement : struct, IKvElement => new()
        {
            _a = TElement.Load<TLanes, TVec>(source, 0),
            _b = TElement.Load<TLanes, TVec>(source, TLanes.Count),
        };

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static LaneRow2<TLanes, TVec> Keys<TElement>(byte* source, nint panel)
        where TElement : struct, IKvElement => TLanes.Count < KvLayout.PanelLength ? Columns<TElement>(source) : new()
        {
            _a = TElement.Load<TLanes, TVec>(source, 0),
            _b = TElement.Load<TLanes, TVec>(source + panel, 0),
        };

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static LaneRow2<TLanes, TVec> Multiply(LaneRow2<TLanes, TVec> row, TVec factor) =>
        new() { _a = TLanes.Multiply(row._a, factor), _b = TLanes.Multiply(row._b, factor) };

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Fma(TVec factor, in LaneRow2<TLanes, TVec> row)
    {
        _a = TLanes.Fma(factor, row._a, _a);
        _b = TLanes.Fma(factor, row._b, _b);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static TVec Largest(in LaneRow2<TLanes, TVec> row) => TLanes.Max(row._a, row._b);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Store(float* destination, LaneRow2<TLanes, TVec> row)
    {
        TLanes.Store(destination, row._a);
        TLanes.Store(destination + TLanes.Count, row._b);
    }
}

/// <summary>Four vectors: with four queries, 16 chains; alone, four.</summary>
internal unsafe struct LaneRow4<TLanes, TVec> : ILaneRow<LaneRow4<TLanes, TVec>, TLanes, TVec>
    where TLanes : struct, ILanes<TVec>
    where TVec : struct
{
    private TVec _a;
    private TVec _b;
    private TVec _c;
    private TVec _d;

    public static int Vectors => 4;

    public static LaneRow4<TLanes, TVec> Zero
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => new() { _a = TLanes.Zero, _b = TLanes.Zero, _c = TLanes.Zero, _d = TLanes.Zero };
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static LaneRow4<TLanes, TVec> Load(float* source) => new()
    {
        _a = TLanes.Load(source),
        _b = TLanes.Load(source + TLanes.Count),
        _c = TLanes.Load(source + (2 * TLanes.Count)),
        _d = TLanes.Load(source + (3 * TLanes.Count)),
    };

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static LaneRow4<TLanes, TVec> Columns<TElement>(byte* source)
        where TElement : struct, IKvElement => new()
        {
            _a = TElement.Load<TLanes, TVec>(source, 0),
            _b = TElement.Load<TLanes, TVec>(source, TLanes.Count),
            _c = TElement.Load<TLanes, TVec>(source, 2 * TLanes.Count),
            _d = TElement.Load<TLanes, TVec>(source, 3 * TLanes.Count),
        };

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static LaneRow4<TLanes, TVec> Keys<TElement>(byte* source, nint panel)
        where TElement : struct, IKvElement
    {
        const int Half = KvLayout.PanelLength / 2;
        if (TLanes.Count < Half)
        {
            return Columns<TElement>(source);
        }

        return TLanes.Count == Half
            ? new()
            {
                _a = TElement.Load<TLanes, TVec>(source, 0),
                _b = TElement.Load<TLanes, TVec>(source, Half),
                _c = TElement.Load<TLanes, TVec>(source + panel, 0),
                _d = TElement.Load<TLanes, TVec>(source + panel, Half),
            }
            : new()
            {
                _a = TElement.Load<TLanes, TVec>(source, 0),
                _b = TElement.Load<TLanes, TVec>(source + panel, 0),
                _c = TElement.Load<TLanes, TVec>(source + (2 * panel), 0),
                _d = TElement.Load<TLanes, TVec>(source + (3 * panel), 0),
            };
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static LaneRow4<TLanes, TVec> Multiply(LaneRow4<TLanes, TVec> row, TVec factor) => new()
    {
        _a = TLanes.Multiply(row._a, factor),
        _b = TLanes.Multiply(row._b, factor),
        _c = TLanes.Multiply(row._c, factor),
        _d = TLanes.Multiply(row._d, factor),
    };

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Fma(TVec factor, in LaneRow4<TLanes, TVec> row)
    {
        _a = TLanes.Fma(factor, row._a, _a);
        _b = TLanes.Fma(factor, row._b, _b);
        _c = TLanes.Fma(factor, row._c, _c);
        _d = TLanes.Fma(factor, row._d, _d);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static TVec Largest(in LaneRow4<TLanes, TVec> row) => TLanes.Max(TLanes.Max(row._a, row._b), TLanes.Max(row._c, row._d));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Store(float* destination, LaneRow4<TLanes, TVec> row)
    {
        TLanes.Store(destination, row._a);
        TLanes.Store(destination + TLanes.Count, row._b);
        TLanes.Store(destination + (2 * TLanes.Count), row._c);
        TLanes.Store(destination + (3 * TLanes.Count), row._d);
    }
}
