namespace DistAttention.Fuzz.Running;

/// <summary>An input that a reader did not survive.</summary>
/// <param name="Target">The target.</param>
/// <param name="Seed">The run's seed.</param>
/// <param name="Number">The input's number.</param>
/// <param name="Input">The input.</param>
/// <param name="Cause">What happened.</param>
internal sealed record FuzzFailure(string Target, int Seed, long Number, byte[] Input, string Cause)
{
    /// <summary>What makes the same input again.</summary>
    public string Replay => $"./build.sh fuzz --target {Target} --seed {Seed} --at {Number}";

    /// <summary>Writes the input to a file.</summary>
    /// <param name="folder">Where.</param>
    /// <returns>The file.</returns>
    public string Write(string folder)
    {
        Directory.CreateDirectory(folder);
        string file = Path.Combine(folder, $"{Target}-seed{Seed}-input{Number}.bin");
        File.WriteAllBytes(file, Input);
        return file;
    }

    /// <inheritdoc/>
    public override string ToString() => $"{Target}, seed {Seed}, input {Number} ({Input.Length:N0} bytes): {Cause}{Environment.NewLine}  again: {Replay}";
}
