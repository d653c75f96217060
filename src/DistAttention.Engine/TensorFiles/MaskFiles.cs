namespace DistAttention.Engine.TensorFiles;

/// <summary>
/// Reads the data of masks from <c>.npy</c> files and from tensors of <c>.safetensors</c> files: booleans and integers, little-endian.
/// </summary>
/// <param name="firstQueryPosition">See <see cref="FirstQueryPosition"/>.</param>
public sealed class MaskFiles(long firstQueryPosition) : IMaskFiles
{
    /// <inheritdoc/>
    public long FirstQueryPosition => firstQueryPosition;

    /// <inheritdoc/>
    /// <exception cref="TensorFileException">The file is not there, damaged, of a kind that is not read, or no matrix.</exception>
    public BitMatrix ReadBits(string name)
    {
        using BoundedFile file = Open(name, out TensorLayout layout);
        return MaskTensor.ReadBits(file, layout);
    }

    /// <inheritdoc/>
    /// <exception cref="TensorFileException">The file is not there, damaged, of a kind that is not read, or no vector.</exception>
    public long[] ReadIntegers(string name)
    {
        using BoundedFile file = Open(name, out TensorLayout layout);
        return MaskTensor.ReadIntegers(file, layout);
    }

    private static BoundedFile Open(string name, out TensorLayout layout)
    {
        (string path, string? tensor, bool isSafetensors) = TensorFile.SplitName(name);
        BoundedFile file = BoundedFile.Open(path, name);
        try
        {
            layout = isSafetensors ? SafetensorsHeader.Read(file, tensor, integers: true, out _) : NpyHeader.Read(file, integers: true);
            return file;
        }
        catch
        {
            file.Dispose();
            throw;
        }
    }
}
