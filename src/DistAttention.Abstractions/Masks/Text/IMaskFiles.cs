namespace DistAttention;

/// <summary>Reads the files that the text of a mask names. Errors name the file and what is wrong with it.</summary>
public interface IMaskFiles
{
    /// <summary>Where row 0 of a mask stands whose text does not say it (<c>at=</c>): the position of the first query.</summary>
    long FirstQueryPosition { get; }

    /// <summary>Reads a matrix of booleans or of numbers, of which those that are not 0 are set.</summary>
    /// <param name="name">The file.</param>
    BitMatrix ReadBits(string name);

    /// <summary>Reads a vector of integers.</summary>
    /// <param name="name">The file.</param>
    long[] ReadIntegers(string name);
}
