using DistAttention.Cli.Arguments;
using DistAttention.Engine.TensorFiles;

namespace DistAttention.Cli.Attend;

/// <summary>The files that o and lse go to. They get their names together, when both are whole; otherwise nothing is left of them.</summary>
internal sealed class AttendOutputs : IDisposable
{
    private readonly NpyWriter _o;
    private readonly NpyWriter? _lse;

    private AttendOutputs(NpyWriter o, NpyWriter? lse, string path, string? lsePath, long[] shape)
    {
        _o = o;
        _lse = lse;
        Path = path;
        LsePath = lsePath;
        Shape = shape;
    }

    public string Path { get; }

    public string? LsePath { get; }

    /// <summary>The shape of o; that of lse is the same less the last dimension.</summary>
    public long[] Shape { get; }

    /// <summary>Opens both before any work is done, so that a place that cannot be written is known at once.</summary>
    public static AttendOutputs Create(TensorInputs inputs, string path, string? lsePath)
    {
        SequenceSpec spec = inputs.Spec;
        long[] shape = inputs.IsSingleHead ? [inputs.Q.Rows, spec.HeadDimV] : [inputs.Q.Rows, spec.NumHeadsQ, spec.HeadDimV];
        NpyWriter o = NpyWriter.Create(path, shape);
        try
        {
            return new AttendOutputs(o, lsePath is null ? null : NpyWriter.Create(lsePath, shape[..^1]), path, lsePath, shape);
        }
        catch
        {
            o.Dispose();
            throw;
        }
    }

    public void Write(ReadOnlySpan<float> o, ReadOnlySpan<float> lse)
    {
        _o.Write(o);
        _lse?.Write(lse);
    }

    /// <summary>SHA-256 of the elements of o, and of lse if it is written.</summary>
    public (string O, string? Lse) Finish() => (_o.Finish(), _lse?.Finish());

    public void Publish()
    {
        _o.Publish();
        _lse?.Publish();
    }

    public void Dispose()
    {
        _o.Dispose();
        _lse?.Dispose();
    }
}
