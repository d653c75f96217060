namespace DistAttention;

/// <summary>Stands in for files while only the grammar is looked at.</summary>
internal sealed class UnreadFiles : IMaskFiles
{
    public static UnreadFiles Instance { get; } = new();

    public long FirstQueryPosition => 0;

    public BitMatrix ReadBits(string name) => BitMatrix.FromBools([], 0, 0);

    public long[] ReadIntegers(string name) => [];
}
