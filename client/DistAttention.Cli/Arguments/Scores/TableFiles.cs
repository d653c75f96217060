using DistAttention.Cli.Shell;
using DistAttention.Engine.TensorFiles;

namespace DistAttention.Cli.Arguments;

/// <summary>Tables of numbers in tensor files.</summary>
internal sealed class TableFiles : ITableFiles
{
    public static TableFiles Instance { get; } = new();

    /// <inheritdoc/>
    public FloatTable ReadTable(string name, int rank)
    {
        using TensorFile file = TensorFile.Open(name);
        long length = file.Rows * Math.Max(1, file.RowLength);
        int[] shape = [.. file.Shape.Select(static d => (int)Math.Min(d, int.MaxValue))];
        if (shape.Length == rank - 1 && rank > 1)
        {
            shape = [1, .. shape];
        }

        if (shape.Length != rank || length > FloatTable.MaxLength)
        {
            throw new CliException(length > FloatTable.MaxLength
                ? $"{file.Name} [{string.Join(", ", file.Shape)}] has more than {FloatTable.MaxLength} numbers"
                : $"{file.Name} has the shape [{string.Join(", ", file.Shape)}]; {rank} dimensions are needed{(rank > 1 ? $", or {rank - 1} for all heads" : "")}");
        }

        try
        {
            return FloatTable.Of(file.ReadAll(), shape);
        }
        catch (InvalidSpecException error)
        {
            throw new CliException($"{file.Name}: {error.Problem}", error);
        }
    }
}
