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
    [InlineData("attend", "--q, --k, --v and --out are missing")]
    [InlineData("attend --q q --k k --v v", "--out is missing")]
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
