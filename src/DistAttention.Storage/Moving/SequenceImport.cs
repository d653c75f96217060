using DistAttention.Engine;
using DistAttention.Engine.TensorFiles;

namespace DistAttention.Storage.Moving;

/// <summary>What a <c>.safetensors</c> file does not say of the sequence it becomes; what it says itself is taken from it.</summary>
public sealed record ImportOptions
{
    /// <summary>Query heads. Default: what the file says, or as many as k has.</summary>
    public int? NumHeadsQ { get; init; }

    /// <summary>How to store k and v. Default: what the file says, or the type of its elements.</summary>
    public KvDataType? KvType { get; init; }

    /// <summary>How long the sequence lives after its last use. Default: until it is deleted. A file says nothing of it.</summary>
    public TimeSpan? TimeToLive { get; init; }
}

/// <summary>Makes a sequence of the tensors <c>k</c> and <c>v</c> of a <c>.safetensors</c> file, a part at a time.</summary>
public static class SequenceImport
{
    private const long PartBytes = 16 << 20;

    /// <summary>Makes the sequence. If it cannot be finished, it is deleted again.</summary>
    /// <param name="storage">Where it goes.</param>
    /// <param name="id">Its name, not taken yet.</param>
    /// <param name="path">The file, whose name ends with <c>.safetensors</c>.</param>
    /// <param name="options">What the file does not say.</param>
    /// <param name="progress">Told of positions stored.</param>
    /// <param name="cancellationToken">Cancels the import.</param>
    /// <returns>The sequence as it is stored.</returns>
    /// <exception cref="TensorFileException">The file cannot be read, or holds no sequence.</exception>
    /// <exception cref="SequenceExistsException">The name is taken.</exception>
    /// <exception cref="StorageException">The storage cannot take it.</exception>
    public static async Task<SequenceInfo> RunAsync(DurableStorage storage, SequenceId id, string path, ImportOptions options, IProgress<AttentionProgress>? progress, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(storage);
        ArgumentNullException.ThrowIfNull(options);
        using TensorFile k = TensorFile.Open($"{path}:{SequenceExport.Keys}");
        using TensorFile v = TensorFile.Open($"{path}:{SequenceExport.Values}");
        SequenceSpec spec = SpecOf(k, v, options);
        EmbeddedAttention client = new(storage.Configure(new EmbeddedOptions()));
        await using (client.ConfigureAwait(false))
        {
            IAttentionSequence sequence = await client.CreateSequenceAsync(id, spec, cancellationToken).ConfigureAwait(false);
            try
            {
                await FillAsync(sequence, k, v, progress, cancellationToken).ConfigureAwait(false);
                return await sequence.GetInfoAsync(cancellationToken).ConfigureAwait(false);
            }
            catch
            {
                await TryDeleteAsync(client, id).ConfigureAwait(false);
                throw;
            }
        }
    }

    private static async Task FillAsync(IAttentionSequence sequence, TensorFile k, TensorFile v, IProgress<AttentionProgress>? progress, CancellationToken cancellationToken)
    {
        int rows = (int)Math.Clamp(PartBytes / ((k.RowLength + v.RowLength) * sizeof(float)), 1, Math.Max(1, k.Rows));
        float[] keys = new float[rows * k.RowLength];
        float[] values = new float[rows * v.RowLength];
        for (long first = 0; first < k.Rows; first += rows)
        {
            int count = (int)Math.Min(rows, k.Rows - first);
            Memory<float> kPart = keys.AsMemory(0, count * (int)k.RowLength);
            Memory<float> vPart = values.AsMemory(0, count * (int)v.RowLength);
            k.ReadRows(first, kPart.Span);
            v.ReadRows(first, vPart.Span);
            try
            {
                await sequence.AppendAsync(kPart, vPart, new AppendOptions { ExpectedPosition = first }, cancellationToken).ConfigureAwait(false);
            }
            catch (InvalidTensorException e)
            {
                throw e.InToken(first + e.Token);
            }

            progress?.Report(new AttentionProgress(first + count, k.Rows));
        }
    }

    /// <summary>Whatever prevents it, why the import failed is what the caller should see; the space is given back by a sweep.</summary>
    private static async Task TryDeleteAsync(EmbeddedAttention client, SequenceId id)
    {
        try
        {
            await client.DeleteSequenceAsync(id, CancellationToken.None).ConfigureAwait(false);
        }
        catch (DistAttentionException)
        {
            // Left as it is: its name shows that it is there, and deleting it can be tried again.
        }
    }

    private static SequenceSpec SpecOf(TensorFile k, TensorFile v, ImportOptions options)
    {
        if (k.Shape is not [var positions, var heads, var headDim] || v.Shape is not [var positionsV, var headsV, var headDimV] || positions != positionsV || heads != headsV)
        {
            throw new TensorFileException(k.Name, $"has the shape {Shape(k)}, and v {Shape(v)}; [positions, heads, head size] with equal positions and heads are needed");
        }

        SequenceSpec? told = SpecTexts.TryRead(k);
        if (told is not null && (told.NumHeadsKv != heads || told.HeadDim != headDim || told.HeadDimV != headDimV))
        {
            throw new TensorFileException(k.Name, $"says that it holds {told.NumHeadsKv} heads of {told.HeadDim} and {told.HeadDimV} components, but holds {Shape(k)} and {Shape(v)}");
        }

        SequenceSpec spec = told ?? new SequenceSpec
        {
            NumHeadsQ = ToInt(heads),
            NumHeadsKv = ToInt(heads),
            HeadDim = ToInt(headDim),
            HeadDimV = headDimV == 0 ? -1 : ToInt(headDimV), // in a spec, 0 means "the same as HeadDim"
            KvType = k.DataType switch { TensorDataType.Float16 => KvDataType.Float16, TensorDataType.BFloat16 => KvDataType.BFloat16, _ => KvDataType.Float32 },
            ExpectedLength = positions,
        };
        spec = spec with { NumHeadsQ = options.NumHeadsQ ?? spec.NumHeadsQ, KvType = options.KvType ?? spec.KvType, TimeToLive = options.TimeToLive };
        spec.Validate();
        return spec;
    }

    private static string Shape(TensorFile file) => $"[{string.Join(", ", file.Shape)}]";

    private static int ToInt(long dimension) => (int)Math.Min(dimension, int.MaxValue); // too large either way: the spec says so
}
