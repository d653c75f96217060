namespace DistAttention.Contracts;

/// <summary>The last query rows that a silo coordinated on a sequence, for whoever wants to know where attention goes.</summary>
/// <param name="Age">How long ago, in seconds.</param>
/// <param name="FirstQueryPosition">Where the first row stood.</param>
/// <param name="Rows">Rows.</param>
/// <param name="Q">Their float32 values [Rows, NumHeadsQ, HeadDim].</param>
[GenerateSerializer, Immutable, Alias("DistAttention.QuerySample")]
public sealed record QuerySample(
    [property: Id(0)] double Age,
    [property: Id(1)] long FirstQueryPosition,
    [property: Id(2)] int Rows,
    [property: Id(3)] byte[] Q);
