namespace DistAttention;

/// <summary>Reads the tables that the text of a score names. Errors name the table and what is wrong with it.</summary>
public interface ITableFiles
{
    /// <summary>Reads a table.</summary>
    /// <param name="name">The file.</param>
    /// <param name="rank">Dimensions wanted; where that is more than 1, a file with one less has one table for all heads.</param>
    FloatTable ReadTable(string name, int rank);
}
