using System.Security.Cryptography;
using DistAttention.Engine;
using DistAttention.Engine.TensorFiles;
using DistAttention.Storage.Moving;
using DistAttention.Storage.Tests.Postgres;

namespace DistAttention.Storage.Tests.Moving;

/// <summary>A sequence that leaves a storage as a file and comes back from it answers with the same bits.</summary>
[Collection(PostgresCollection.Name)]
public sealed class MovingTests(PostgresServer postgres) : IDisposable
{
    private static readonly AttentionProblem _problem = new() { Seed = 331, NumHeadsKv = 2, GroupSize = 2, HeadDim = 24, HeadDimV = 8, Length = 2500, Rows = 5, Mask = AttentionMask.Causal };

    private readonly TempFolder _folder = new();
    private readonly TempFolder _files = new();

    public void Dispose()
    {
        _folder.Dispose();
        _files.Dispose();
    }

    [Theory]
    [InlineData(KvDataType.Float32)]
    [InlineData(KvDataType.Float16)]
    [InlineData(KvDataType.BFloat16)]
    [InlineData(KvDataType.Int8)]
    public async Task TheBitsOfAnswersAndOfFilesStay(KvDataType type)
    {
        AttentionProblem problem = _problem with { KvType = type };
        using FileStorage from = new(_folder.Path);
        await FillAsync(from, "a/first", problem);
        string file = FileOf("a");
        Assert.Equal(2500, (await SequenceExport.RunAsync(from, "a/first", file, null, default)).Length);
        using (TensorFile k = TensorFile.Open(file + ":k"))
        {
            Assert.Equal(SequenceExport.TypeOf(type), k.DataType);
            Assert.Equal([2500, 2, 24], k.Shape);
        }

        SequenceInfo made = await SequenceImport.RunAsync(from, "b", file, new ImportOptions(), null, default);
        Assert.Equal(problem.Spec() with { ExpectedLength = made.Spec.ExpectedLength }, made.Spec);
        Assert.Equal(problem.KernelDigest(), await AskAsync(from, "b", problem));
        string again = FileOf("b");
        await SequenceExport.RunAsync(from, "b", again, null, default);
        Assert.Equal(DataDigest(file), DataDigest(again));
    }

    [PostgresFact]
    public async Task FromADatabaseToAFolderAndAfterForksAndTruncations()
    {
        await using PostgresDatabase database = await PostgresDatabase.CreateAsync(postgres);
        await using PostgresStorage from = await database.OpenAsync();
        await using (EmbeddedAttention client = new(from.Configure(new EmbeddedOptions { ComputeThreads = 2 })))
        {
            IAttentionSequence a = await client.CreateSequenceAsync("a", _problem.Spec());
            await a.AppendRowsAsync(_problem, 0, 1500);
            IAttentionSequence b = await a.ForkAsync("b", 1300);
            await b.TruncateAsync(1200);
            await b.AppendRowsAsync(_problem, 1200, 1300, 400);
        }

        using FileStorage to = new(_folder.Path);
        string file = FileOf("b");
        await SequenceExport.RunAsync(from, "b", file, null, default);
        await SequenceImport.RunAsync(to, "moved", file, new ImportOptions(), null, default);
        Assert.Equal(_problem.KernelDigest(), await AskAsync(to, "moved", _problem));
    }

    [Fact]
    public async Task AFileOfAnotherProgramBecomesASequence()
    {
        string file = FileOf("foreign");
        AttentionProblem problem = _problem with { Length = 100 };
        using (SafetensorsWriter writer = SafetensorsWriter.Create(
            file,
            [new SafetensorsTensor("k", TensorDataType.Float32, 100, 2, 24), new SafetensorsTensor("v", TensorDataType.Float32, 100, 2, 8)],
            new Dictionary<string, string>()))
        {
            writer.WriteRows("v", 0, problem.V);
            writer.WriteRows("k", 50, problem.KRows(50, 50).Span);
            writer.WriteRows("k", 0, problem.KRows(0, 50).Span);
            writer.Publish();
        }

        using FileStorage storage = new(_folder.Path);
        SequenceInfo made = await SequenceImport.RunAsync(storage, "s", file, new ImportOptions { NumHeadsQ = 4 }, null, default);
        Assert.Equal((4, 2, 24, 8, KvDataType.Float32), (made.Spec.NumHeadsQ, made.Spec.NumHeadsKv, made.Spec.HeadDim, made.Spec.HeadDimV, made.Spec.KvType));
        Assert.Equal(problem.KernelDigest(), await AskAsync(storage, "s", problem));
        Assert.Equal(nameof(SequenceSpec.NumHeadsKv), (await Assert.ThrowsAsync<InvalidSpecException>(() => SequenceImport.RunAsync(storage, "t", file, new ImportOptions { NumHeadsQ = 3 }, null, default))).Property);
    }

    [Theory]
    [InlineData("distattention.head_dim", "25", "says that it holds 2 heads of 25 and 8 components, but holds [3, 2, 24] and [3, 2, 8]")]
    [InlineData("distattention.num_heads_q", "-1", "not a whole number")]
    [InlineData("distattention.num_heads_q", "3", "describes a sequence that cannot be")]
    [InlineData("distattention.kv_type", "float64", "not a storage type")]
    [InlineData("distattention.expected_mask", "nonsense(", "describes a sequence that cannot be")]
    [InlineData("distattention.format", "2", "newer build")]
    public async Task WhatAFileSaysOfItselfIsNotBelieved(string key, string value, string problem)
    {
        using FileStorage storage = new(_folder.Path);
        await FillAsync(storage, "s", _problem with { Length = 3 });
        string file = FileOf("s");
        await SequenceExport.RunAsync(storage, "s", file, null, default);
        Dictionary<string, string> texts;
        using (TensorFile k = TensorFile.Open(file + ":k"))
        {
            texts = new(k.Metadata) { [key] = value };
        }

        using (SafetensorsWriter writer = SafetensorsWriter.Create(
            file, [new SafetensorsTensor("k", TensorDataType.Float32, 3, 2, 24), new SafetensorsTensor("v", TensorDataType.Float32, 3, 2, 8)], texts))
        {
            writer.Publish();
        }

        TensorFileException refused = await Assert.ThrowsAsync<TensorFileException>(() => SequenceImport.RunAsync(storage, "t", file, new ImportOptions(), null, default));
        Assert.Contains(problem, refused.Message, StringComparison.Ordinal);
        Assert.Equal(["s"], await NamesAsync(storage));
    }

    [Fact]
    public async Task AnImportThatFailsLeavesNothing()
    {
        string file = FileOf("nan");
        using (SafetensorsWriter writer = SafetensorsWriter.Create(
            file, [new SafetensorsTensor("k", TensorDataType.Float32, 70_000, 2, 24), new SafetensorsTensor("v", TensorDataType.Float32, 70_000, 2, 8)], new Dictionary<string, string>()))
        {
            writer.WriteRows("v", 69_000, [1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, float.NaN, 1, 1, 1, 1]);
            writer.Publish();
        }

        using FileStorage storage = new(_folder.Path);
        InvalidTensorException refused = await Assert.ThrowsAsync<InvalidTensorException>(() => SequenceImport.RunAsync(storage, "s", file, new ImportOptions(), null, default));
        Assert.Equal(("v", 69_000, 1), (refused.Tensor, refused.Token, refused.Head));
        Assert.Empty(await NamesAsync(storage));
        Assert.Empty(Directory.EnumerateFiles(_folder.Path, "*.kvlog", SearchOption.AllDirectories));
        await Assert.ThrowsAsync<SequenceNotFoundException>(() => SequenceExport.RunAsync(storage, "s", FileOf("none"), null, default));
        Assert.False(File.Exists(FileOf("none")));
    }

    [Fact]
    public async Task RowsThatAreStoredInAnotherFormAreNotExported()
    {
        using FileStorage storage = new(_folder.Path);
        await using EmbeddedAttention client = new(storage.Configure(new EmbeddedOptions { ComputeThreads = 1 }));
        await client.CreateSequenceAsync("s", _problem.Spec() with { ValueFromKeyPrefix = true });
        InvalidSpecException refused = await Assert.ThrowsAsync<InvalidSpecException>(() => SequenceExport.RunAsync(storage, "s", FileOf("s"), null, default));
        Assert.Equal(nameof(SequenceSpec.ValueFromKeyPrefix), refused.Property);
        Assert.False(File.Exists(FileOf("s")));
    }

    [Fact]
    public async Task MissingRowsAreNotWrittenAsZeros()
    {
        using FileStorage storage = new(_folder.Path);
        await FillAsync(storage, "s", _problem);
        File.Delete(Directory.EnumerateFiles(_folder.Path, "*.kvlog", SearchOption.AllDirectories).Single(static f => f.Contains("/1.", StringComparison.Ordinal)));
        ShardLostException lost = await Assert.ThrowsAsync<ShardLostException>(() => SequenceExport.RunAsync(storage, "s", FileOf("s"), null, default));
        Assert.Equal(new PositionRange(1024, 2048), lost.Positions);
        Assert.False(File.Exists(FileOf("s")));
    }

    private static async Task FillAsync(DurableStorage storage, string name, AttentionProblem problem)
    {
        await using EmbeddedAttention client = new(storage.Configure(new EmbeddedOptions { ComputeThreads = 2 }));
        await (await client.CreateSequenceAsync(name, problem.Spec())).AppendRowsAsync(problem, 0, problem.Length, 1, 900);
    }

    private static async Task<string> AskAsync(DurableStorage storage, string name, AttentionProblem problem)
    {
        await using EmbeddedAttention client = new(storage.Configure(new EmbeddedOptions { ComputeThreads = 2 }));
        return (await (await client.OpenSequenceAsync(name)).AttendAsync(problem.Q, problem.Options())).Digest();
    }

    private static async Task<List<string>> NamesAsync(DurableStorage storage) => await storage.Ledgers.ListAsync("", default).Select(static l => l.Id.Value).ToListAsync();

    /// <summary>The tensors' bytes, without the header, which names the sequence.</summary>
    private static string DataDigest(string file)
    {
        byte[] bytes = File.ReadAllBytes(file);
        return Convert.ToHexString(SHA256.HashData(bytes.AsSpan(8 + (int)BitConverter.ToInt64(bytes))));
    }

    private string FileOf(string name) => Path.Combine(_files.Path, name + ".safetensors");
}
