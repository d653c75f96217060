using DistAttention.Cli.Tests.Running;

namespace DistAttention.Cli.Tests;

public sealed class UsageTests
{
    [Theory]
    [InlineData("atend", "unknown verb 'atend'; did you mean 'attend'? See 'distattn --help'")]
    [InlineData("frobnicate", "unknown verb 'frobnicate'. See 'distattn --help'")]
    [InlineData("--vresion", "unknown option '--vresion'; did you mean '--version'?")]
    [InlineData("attend --maks causal", "unknown option '--maks'; did you mean '--mask'? See 'distattn attend --help'")]
    [InlineData("explain --jsn", "unknown option '--jsn'; did you mean '--json'? See 'distattn explain --help'")]
    [InlineData("attend --q q --k k --v v --out o more", "unexpected 'more'")]
    [InlineData("attend", "--q, --k and --out are missing")]
    [InlineData("attend --q q --k k --v v", "--out is missing")]
    [InlineData("attend --q q --k k --out o", "--v is missing")]
    [InlineData("attend --q q --k k --v v --out o --value-from-key-prefix 3", "--v and --value-from-key-prefix exclude each other")]
    [InlineData("attend --value-from-key-prefix 0", "--value-from-key-prefix: 0 is not between 1 and 576")]
    [InlineData("attend --score additve", "--score: 'additve', character 1: 'additve' is not known: scaled-dot, dot, multiplicative, additive are; did you mean 'additive'?")]
    [InlineData("attend --score additive", "--score: 'additive', character 9: 'additive' needs v=…")]
    [InlineData("attend --score additive:v=v.npy,wx=w.npy", "--score: 'additive:v=v.npy,wx=w.npy', character 18: 'wx' is not a setting of 'additive'; did you mean 'wq'?")]
    [InlineData("attend --score additive:v=v.npy,v=w.npy", "character 18: 'v' stands twice")]
    [InlineData("attend --score additive:v=", "character 11: 'v' needs a value: v=…")]
    [InlineData("attend --score multiplicative", "character 15: a file is needed: multiplicative:FILE")]
    [InlineData("attend --score multiplicative:a,b", "character 18: 'multiplicative' takes one file and nothing else")]
    [InlineData("attend --score dot:x", "character 5: 'dot' takes no settings")]
    [InlineData("attend --softcap -3", "--softcap: SoftCap: -3 is not between")]
    [InlineData("attend --alibi 0.5,b,1", "--alibi: '0.5,b,1', character 5: 'b' is not a finite number")]
    [InlineData("attend --sinks 1,,2", "--sinks: '1,,2', character 3: '' is not a finite number")]
    [InlineData("attend --relative-bias t5", "character 3: a file is needed: t5:FILE")]
    [InlineData("attend --relative-bias t5:b.npy,max-distnce=9", "character 10: 'max-distnce' is not a setting of 't5'; did you mean 'max-distance'?")]
    [InlineData("attend --rope yarn:factor=4", "--rope: 'yarn:factor=4', character 5: 'yarn' needs trained=N")]
    [InlineData("attend --rope linear:factor=x", "character 15: 'x' is not a finite number")]
    [InlineData("attend --rope standard:dims=1", "character 15: '1' is not a whole number between 2 and 576")]
    [InlineData("attend --rope standard:layout=foo", "character 17: 'foo' is not one of half, interleaved")]
    [InlineData("attend --check 0", "--check: 0 is not between 1 and 100000")]
    [InlineData("attend --q", "--q needs a value")]
    [InlineData("attend --q a --q b", "--q is given 2 values; it takes one")]
    [InlineData("attend --mask casual", "did you mean 'causal'?")]
    [InlineData("attend --kv-type flot16", "--kv-type: 'flot16' is not a storage type; did you mean 'float16'?")]
    [InlineData("attend --kv-type 7", "--kv-type: '7' is not a storage type; float32, float16, bfloat16, int8 are known")]
    [InlineData("attend --shard-length 1000", "--shard-length: 1000 is not a power of two between 1024 and 16777216")]
    [InlineData("attend --shard-length 99999999999", "--shard-length: 99999999999 is not between 1 and 2147483647")]
    [InlineData("attend --scale much", "--scale: 'much' is not a finite number")]
    [InlineData("attend --scale 1e99", "--scale: '1e99' is not a finite number")]
    [InlineData("attend --threads 0", "--threads: 0 is not between 1 and 1024")]
    [InlineData("attend --first-query-position 1.5", "--first-query-position: '1.5' is not a whole number")]
    [InlineData("attend --first-query-position 9223372036854775807", "--first-query-position: 9223372036854775807 is not between")]
    public async Task A_wrong_command_line_is_one_line_and_exit_code_2(string commandLine, string expected) =>
        (await Distattn.RunAsync(commandLine.Split(' '))).Failed(2, expected);

    [Fact]
    public async Task An_empty_file_name_is_a_wrong_command_line() =>
        (await Distattn.RunAsync("attend", "--q", "q", "--k", "k", "--v", "v", "--out", "")).Failed(2, "--out: the name of a file is needed");
}
