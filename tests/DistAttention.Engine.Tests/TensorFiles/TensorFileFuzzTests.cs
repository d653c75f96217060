using DistAttention.Engine.TensorFiles;
using Xunit.Abstractions;

namespace DistAttention.Engine.Tests.TensorFiles;

/// <summary>Seeded mutations of good files: each is read, or refused with a typed error, and never costs more memory than it is long.</summary>
public sealed class TensorFileFuzzTests(ITestOutputHelper output) : IDisposable
{
    private const int Inputs = 4_000;
    private const int MostAllocated = 256 * 1024; // a read buffer's worth; the files are under 1 KiB

    private readonly TempFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void Npy() => Fuzz(
        "x.npy",
        "x.npy",
        [
            TensorBytes.Npy("<f4", "(2, 3, 4)", new byte[96]),
            TensorBytes.Npy("<f8", "(5, 1)", new byte[40], major: 2),
            TensorBytes.Npy("<f2", "(0, 7)", [], major: 3),
        ],
        ["'", "(", ")", ",", "{", "}", "[", "-1", "9223372036854775807", "4294967296", "0", "True", "<f8", ">f4", "|O", "shape", "\n", "\\"]);

    [Fact]
    public void Safetensors() => Fuzz(
        "x.safetensors",
        "x.safetensors:k",
        [
            TensorBytes.Safetensors("""{"k":{"dtype":"F32","shape":[2,3],"data_offsets":[0,24]},"v":{"dtype":"BF16","shape":[4],"data_offsets":[24,32]}}""", new byte[32]),
            TensorBytes.Safetensors("""{"__metadata__":{"a":"b"},"k":{"dtype":"F64","shape":[1,1,1],"data_offsets":[0,8]}}  """, new byte[8]),
        ],
        ["\"", "[", "]", ",", "{", "}", ":", "-1", "9223372036854775807", "1e9", "0", "null", "F16", "I4", "\\u0000", "\\ud800", "k", "\"k\":{},"]);

    private void Fuzz(string fileName, string tensorName, byte[][] seeds, string[] tokens)
    {
        const int seed = 20_260;
        Random random = new(seed);
        int read = 0;
        long mostAllocated = 0;
        for (int input = 0; input < Inputs; input++)
        {
            byte[] mutant = Mutate(seeds[random.Next(seeds.Length)], tokens, random);
            _folder.Write(fileName, mutant);
            long before = GC.GetAllocatedBytesForCurrentThread();
            try
            {
                using TensorFile file = TensorFile.Open(_folder.File(tensorName));
                float[] elements = file.ReadAll();
                Assert.True(elements.Length * 2L <= mutant.Length, $"seed {seed}, input {input}: {elements.Length} elements out of {mutant.Length} bytes");
                read++;
            }
            catch (TensorFileException error)
            {
                Assert.DoesNotContain('\u001b', error.Message);
                Assert.DoesNotContain('\n', error.Message);
            }
            catch (Exception error)
            {
                Assert.Fail($"seed {seed}, input {input}: {Convert.ToHexString(mutant)}: {error}");
            }

            mostAllocated = Math.Max(mostAllocated, GC.GetAllocatedBytesForCurrentThread() - before);
        }

        output.WriteLine($"seed {seed}: {Inputs} inputs, {read} still readable, at most {mostAllocated:N0} bytes allocated for one");
        Assert.InRange(read, 1, Inputs - 1);
        Assert.InRange(mostAllocated, 0, MostAllocated);
    }

    private static byte[] Mutate(byte[] good, string[] tokens, Random random)
    {
        List<byte> bytes = [.. good];
        for (int edits = random.Next(1, 4); edits > 0; edits--)
        {
            int at = random.Next(bytes.Count + 1);
            int length = Math.Min(random.Next(1, 12), bytes.Count - at);
            switch (random.Next(6))
            {
                case 0 when at < bytes.Count:
                    bytes[at] ^= (byte)(1 << random.Next(8));
                    break;
                case 1 when at < bytes.Count:
                    bytes[at] = (byte)random.Next(256);
                    break;
                case 2:
                    bytes.RemoveRange(at, length);
                    break;
                case 3:
                    bytes.InsertRange(at, bytes.GetRange(at, length));
                    break;
                case 4:
                    bytes.RemoveRange(at, bytes.Count - at);
                    break;
                default:
                    byte[] token = System.Text.Encoding.ASCII.GetBytes(tokens[random.Next(tokens.Length)]);
                    bytes.RemoveRange(at, Math.Min(token.Length, bytes.Count - at)); // overwrite, so that lengths still fit
                    bytes.InsertRange(at, token);
                    break;
            }
        }

        return [.. bytes];
    }
}
