using System.Buffers;
using System.Net.Http.Headers;
using DistAttention.Silo.Tests.Security;
using DistAttention.Testing;
using MessagePack;

namespace DistAttention.Silo.Tests.Http;

/// <summary>The MessagePack of the API, which reads and writes it by itself so that data can be streamed, is that of the package.</summary>
[Collection(SecureCollection.Name)]
public sealed class MessagePackBodyTests(SecureCluster cluster)
{
    [Fact]
    public async Task BodiesOfThePackageAreReadAndAnswersAreReadByIt()
    {
        string at = $"/v1/sequences/packed-{Guid.NewGuid():N}";
        using HttpClient http = new(new SocketsHttpHandler { SslOptions = { RemoteCertificateValidationCallback = static (_, _, _, _) => true } }) { BaseAddress = cluster.Apis[1] };
        http.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", cluster.B.Text);
        using StringContent spec = new("""{"headDim": 8}""", System.Text.Encoding.UTF8, "application/json");
        Assert.True((await http.PutAsync(at, spec)).IsSuccessStatusCode);
        float[] rows = new SeededData(1).Normal(70_000 * 8); // of more than 64 KiB: all sizes of binary data are used
        foreach (int count in (int[])[3, 100, 70_000])
        {
            float[] some = rows[..(count * 8)];
            using HttpResponseMessage appended = await http.PostAsync(at + "/append", Body(("k", count, some), ("v", count, some)));
            Assert.True(appended.IsSuccessStatusCode, await appended.Content.ReadAsStringAsync());
        }

        using HttpResponseMessage answer = await http.PostAsync(at + "/attend?mask=causal", Body(("q", 5, rows[..40])));
        Assert.True(answer.IsSuccessStatusCode);
        MessagePackReader reader = new(await answer.Content.ReadAsByteArrayAsync());
        Assert.Equal(2, reader.ReadMapHeader());
        foreach ((string name, int[] shape) in new[] { ("o", new[] { 5, 1, 8 }), ("lse", [5, 1]) })
        {
            Assert.Equal((name, 3, "dtype", "float32", "shape"), (reader.ReadString(), reader.ReadMapHeader(), reader.ReadString(), reader.ReadString(), reader.ReadString()));
            Assert.Equal(shape.Length, reader.ReadArrayHeader());
            foreach (int dimension in shape)
            {
                Assert.Equal(dimension, reader.ReadInt32());
            }

            Assert.Equal(("data", shape.Aggregate(4L, static (product, d) => product * d)), (reader.ReadString(), reader.ReadBytes()!.Value.Length));
        }

        Assert.True(reader.End);
    }

    private static ByteArrayContent Body(params (string Name, int Rows, float[] Values)[] tensors)
    {
        ArrayBufferWriter<byte> bytes = new();
        MessagePackWriter writer = new(bytes);
        writer.WriteMapHeader(tensors.Length + 1);
        writer.Write("a text");
        writer.Write("that nobody asks for");
        foreach ((string name, int rows, float[] values) in tensors)
        {
            writer.Write(name);
            writer.WriteMapHeader(3);
            writer.Write("shape");
            writer.WriteArrayHeader(3);
            writer.Write(rows);
            writer.Write(1);
            writer.Write(8L);
            writer.Write("dtype");
            writer.Write("float32");
            writer.Write("data");
            writer.Write(System.Runtime.InteropServices.MemoryMarshal.AsBytes<float>(values));
        }

        writer.Flush();
        ByteArrayContent content = new(bytes.WrittenSpan.ToArray());
        content.Headers.ContentType = new MediaTypeHeaderValue("application/vnd.msgpack");
        return content;
    }
}
