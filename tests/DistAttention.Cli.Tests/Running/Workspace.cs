using DistAttention.Engine.TensorFiles;
using DistAttention.Testing;

namespace DistAttention.Cli.Tests.Running;

/// <summary>A folder of tensor files for one test, gone when the test ends.</summary>
internal sealed class Workspace : IDisposable
{
    private readonly string _path = Directory.CreateTempSubdirectory("distattn-cli-tests-").FullName;

    public string this[string name] => Path.Combine(_path, name);

    /// <summary>Names of the files in it, hidden ones too.</summary>
    public IEnumerable<string> Names => Directory.EnumerateFileSystemEntries(_path).Select(static p => Path.GetFileName(p)).Order(StringComparer.Ordinal);

    /// <summary>Writes a float32 .npy file.</summary>
    public string Write(string name, ReadOnlySpan<float> values, params long[] shape)
    {
        using NpyWriter writer = NpyWriter.Create(this[name], shape);
        writer.Write(values);
        writer.Finish();
        writer.Publish();
        return this[name];
    }

    /// <summary>Writes unit-normal values, and returns them.</summary>
    public float[] WriteNormal(string name, ulong seed, params long[] shape)
    {
        float[] values = new SeededData(seed).Normal((int)shape.Aggregate(1L, static (product, dimension) => product * dimension));
        Write(name, values, shape);
        return values;
    }

    public string WriteBytes(string name, byte[] contents)
    {
        File.WriteAllBytes(this[name], contents);
        return this[name];
    }

    public (long[] Shape, float[] Values) Read(string name)
    {
        using TensorFile file = TensorFile.Open(this[name]);
        return ([.. file.Shape], file.ReadAll());
    }

    /// <summary>"--q …/q.npy --k …/k.npy --v …/v.npy --out …/o.npy" and whatever else is given.</summary>
    public string[] Attend(params string[] more) =>
        ["attend", "--q", this["q.npy"], "--k", this["k.npy"], "--v", this["v.npy"], "--out", this["o.npy"], .. more];

    public void Dispose() => Directory.Delete(_path, recursive: true);
}
