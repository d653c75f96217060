using System.Text.Json.Nodes;
using DistAttention.Cli.Tests.Running;
using DistAttention.Engine.TensorFiles;
using DistAttention.Testing;

namespace DistAttention.Cli.Tests;

public sealed class StorageTests : IDisposable
{
    private readonly Workspace _work = new();

    public void Dispose() => _work.Dispose();

    [Fact]
    public async Task A_sequence_is_imported_listed_exported_and_verified()
    {
        WriteTensors("in.safetensors", positions: 300);
        Ended imported = (await Run("import", "book/1", _work["in.safetensors"], "--heads-q", "4", "--kv-type", "float16")).Ok();
        Assert.Matches(@"imported +book/1, 300 positions of 2 heads, float16", imported.Error);

        JsonNode listed = (await Run("list", "--json")).Ok().Json["sequences"]!.AsArray().Single()!;
        Assert.Equal(("book/1", 300, 4, 2), ((string)listed["name"]!, (int)listed["positions"]!, (int)listed["numHeadsQ"]!, (int)listed["numHeadsKv"]!));
        Assert.Equal(300 * 2 * (16 + 8) * 2, (int)listed["bytes"]!);
        Assert.Matches(@"book/1 +300 +4 over 2 +16/8 +28\.1 KiB +float16", (await Run("list", "--prefix", "book/")).Ok().Out);
        Assert.Contains("no sequences", (await Run("list", "--prefix", "x")).Ok().Error, StringComparison.Ordinal);

        (await Run("export", "--out", _work["out.safetensors"], "book/1")).Ok();
        using (TensorFile k = TensorFile.Open(_work["out.safetensors"] + ":k"))
        {
            Assert.Equal(TensorDataType.Float16, k.DataType);
            Assert.Equal([300, 2, 16], k.Shape);
        }

        (await Run("import", "copy", _work["out.safetensors"])).Ok();
        (await Run("export", "--out", _work["again.safetensors"], "copy")).Ok();
        Assert.Equal(Data("out.safetensors"), Data("again.safetensors"));

        Ended verified = (await Run("verify")).Ok();
        Assert.Matches(@"sequences +2 of 600 positions", verified.Out);
        Assert.Matches(@"verdict +sound", verified.Out);
        JsonNode report = (await Run("verify", "--json", "--reclaim")).Ok().Json;
        Assert.Equal((true, 2, 600, 0), ((bool)report["sound"]!, (int)report["sequences"]!, (int)report["positions"]!, (int)report["reclaimed"]!));
    }

    [Fact]
    public async Task A_time_to_live_is_set_shown_and_kept()
    {
        WriteTensors("in.safetensors", positions: 5);
        Assert.Contains("float32, for 7d after its last use", (await Run("import", "week", _work["in.safetensors"], "--ttl", "7d")).Ok().Error, StringComparison.Ordinal);
        (await Run("import", "moment", _work["in.safetensors"], "--ttl", "2s")).Ok();
        (await Run("import", "ever", _work["in.safetensors"])).Ok();
        string table;
        do
        {
            table = (await Run("list")).Ok().Out;
        }
        while (table.Contains("moment", StringComparison.Ordinal)); // nobody sweeps it meanwhile

        Assert.Matches(@"week .* 178 h \d+ min of 7d", table); // and a sixteenth
        JsonNode[] listed = [.. (await Run("list", "--json")).Ok().Json["sequences"]!.AsArray()!];
        Assert.Equal(["ever", "week"], listed.Select(static s => (string?)s["name"]));
        Assert.Equal([null, 7 * 86_400.0], listed.Select(static s => (double?)s["timeToLiveSeconds"]));
        Assert.InRange((DateTimeOffset)listed[1]["expiresAt"]! - DateTimeOffset.UtcNow, TimeSpan.FromDays(7), TimeSpan.FromDays(7.5));
        Assert.Matches(@"sequences +3 of 15 positions", (await Run("verify")).Ok().Out);
        (await Run("import", "s", _work["in.safetensors"], "--ttl", "7")).Failed(2, "'7' is not a length of time");
        (await Run("import", "s", _work["in.safetensors"], "--ttl", "0s")).Failed(2, "'0s' is not between 1 ms and 36,500 days");
    }

    [Fact]
    public async Task Damage_is_named_and_fails()
    {
        WriteTensors("in.safetensors", positions: 50);
        (await Run("import", "s", _work["in.safetensors"])).Ok();
        string log = Directory.EnumerateFiles(_work["data"], "*.kvlog", SearchOption.AllDirectories).Single();
        byte[] bytes = File.ReadAllBytes(log);
        bytes[300] ^= 1;
        File.WriteAllBytes(log, bytes);

        Ended table = await Run("verify");
        Assert.Equal(1, table.ExitCode);
        Assert.Matches(@"damage +shards/.*\.kvlog at byte 128, positions \[0, 50\) of s: ", table.Out);
        Assert.Matches(@"verdict +NOT SOUND: 1 finding", table.Out);
        Ended json = await Run("verify", "--json");
        Assert.Equal(1, json.ExitCode);
        JsonNode damage = json.Json["damage"]!.AsArray().Single()!;
        Assert.Equal((128, "[0,50]", "s"), ((int)damage["offset"]!, damage["positions"]!.ToJsonString(), (string)damage["sequences"]![0]!));
        (await Run("export", "--out", _work["out.safetensors"], "s")).Failed(1, "is damaged at byte 128 (positions [0, 50))");
        Assert.False(File.Exists(_work["out.safetensors"]));
    }

    [Fact]
    public async Task What_cannot_be_is_one_line()
    {
        WriteTensors("in.safetensors", positions: 5);
        (await Run("verify")).Failed(1, "is not a folder");
        (await Run("import", "bad name", _work["in.safetensors"])).Failed(2, "' ' is not allowed in a name");
        (await Run("import", "s", _work["in.npy"])).Failed(2, "does not end with .safetensors");
        (await Run("import", "s", _work["in.safetensors"], "--heads-q", "3")).Failed(1, "cannot be shared evenly");
        (await Run("import", "s", _work["in.safetensors"])).Ok();
        (await Run("import", "s", _work["in.safetensors"])).Failed(1, "A sequence 's' exists already");
        (await Run("export", "--out", _work["x.safetensors"], "t")).Failed(1, "There is no sequence 't'");
        Ended unreachable = await Distattn.RunAsync("verify", "--storage", "Host=127.0.0.1;Port=1;Password=s3cret;Timeout=1");
        unreachable.Failed(1, "cannot be reached");
        Assert.DoesNotContain("s3cret", unreachable.Error, StringComparison.Ordinal);
        (await Distattn.RunAsync("list")).Failed(2, "--storage");
        (await Distattn.RunAsync([("DISTATTN_STORAGE", _work["data"])], "list")).Ok();
    }

    private Task<Ended> Run(string verb, params string[] more) => Distattn.RunAsync([verb, "--storage", _work["data"], .. more]);

    private void WriteTensors(string name, int positions)
    {
        using SafetensorsWriter writer = SafetensorsWriter.Create(
            _work[name],
            [new SafetensorsTensor("k", TensorDataType.Float32, positions, 2, 16), new SafetensorsTensor("v", TensorDataType.Float32, positions, 2, 8)],
            new Dictionary<string, string>());
        writer.WriteRows("k", 0, new SeededData(1).Normal(positions * 2 * 16));
        writer.WriteRows("v", 0, new SeededData(2).Normal(positions * 2 * 8));
        writer.Publish();
    }

    private byte[] Data(string name)
    {
        byte[] bytes = File.ReadAllBytes(_work[name]);
        return bytes[(8 + (int)BitConverter.ToInt64(bytes))..];
    }
}
