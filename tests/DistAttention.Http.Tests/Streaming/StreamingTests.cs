using System.Globalization;
using System.Net;
using System.Net.Http.Headers;
using DistAttention.Engine;
using DistAttention.Http.Tests.Serving;
using DistAttention.Testing;

namespace DistAttention.Http.Tests.Streaming;

/// <summary>Bodies and answers are never held whole, wait for whoever is slower, and end with the caller.</summary>
public sealed class StreamingTests
{
    private static readonly SequenceSpec _spec = new() { HeadDim = 64 };
    private static readonly AttentionHttpOptions _small = new() { SliceBytes = 1 << 20, MaxHeldBytes = 1 << 20 };

    /// <summary>[rows, 1, 128] of zeros, in chunks of unknown number, a MiB at a time out of one buffer.</summary>
    private sealed class ManyRows(int mebibytes) : HttpContent
    {
        private static readonly byte[] _mebibyte = new byte[1 << 20];
        private int _sent;

        public int SentMebibytes => Volatile.Read(ref _sent);

        protected override async Task SerializeToStreamAsync(Stream stream, TransportContext? context)
        {
            await stream.WriteAsync(Sent.NpyHead("<f4", mebibytes * 2048L, 1, 128));
            for (int i = 0; i < mebibytes; i++)
            {
                await stream.WriteAsync(_mebibyte);
                Interlocked.Increment(ref _sent);
            }
        }

        protected override bool TryComputeLength(out long length)
        {
            length = 0;
            return false;
        }
    }

    [Fact]
    public async Task ABodyOfManyPartsIsReadInTheMemoryOfTwo()
    {
        long rows = 0;
        await using TestServer server = await TestServer.StartAsync(
            new StubAccess(new StubClient(_spec)
            {
                OnAppend = (k, v, options, _) =>
                {
                    Assert.Equal((k.Length, rows == 0 ? null : rows), (v.Length, options.ExpectedPosition));
                    AppendResult result = new(rows, k.Length / 64, new SequenceSnapshot(1, rows + (k.Length / 64)));
                    rows += result.Count;
                    return Task.FromResult(result);
                },
            }),
            _small);
        await SendAsync(server, new ManyRows(8)); // compiles, fills pools
        rows = 0;
        long before = GC.GetTotalAllocatedBytes();
        const int mebibytes = 96;
        await SendAsync(server, new ManyRows(mebibytes));
        long allocated = GC.GetTotalAllocatedBytes() - before;
        Assert.Equal(mebibytes * 2048, rows);
        Assert.True(allocated < 12L << 20, $"{allocated:N0} bytes were allocated for a body of {mebibytes} MiB, by both ends together.");
    }

    [Fact]
    public async Task ASenderWaitsWhileNothingIsStored()
    {
        TaskCompletionSource store = new(TaskCreationOptions.RunContinuationsAsynchronously);
        TaskCompletionSource first = new(TaskCreationOptions.RunContinuationsAsynchronously);
        await using TestServer server = await TestServer.StartAsync(
            new StubAccess(new StubClient(_spec)
            {
                OnAppend = async (k, _, options, _) =>
                {
                    first.TrySetResult();
                    await store.Task;
                    return new AppendResult(options.ExpectedPosition ?? 0, k.Length / 64, new SequenceSnapshot(1, 0));
                },
            }),
            _small);
        ManyRows body = new(64);
        Task sending = SendAsync(server, body);
        await first.Task.WaitAsync(TimeSpan.FromSeconds(30));
        int seen = -1;
        while (seen != body.SentMebibytes)
        {
            seen = body.SentMebibytes;
            await Task.Delay(300); // that nothing more is sent shows only in time: far longer than a part takes to be sent
        }

        Assert.InRange(seen, 1, 40); // the buffers of two sockets are not ours
        Assert.False(sending.IsCompleted);
        store.SetResult();
        await sending;
        Assert.Equal(64, body.SentMebibytes);
    }

    [Fact]
    public async Task RowsAreAnsweredWhileOthersAreStillToCome()
    {
        const int rows = 4000;
        float[] q = new SeededData(4).Normal(rows * 64);
        float[] k = new SeededData(5).Normal(300 * 64);
        await using TestServer server = await TestServer.StartAsync(new AttentionHttpOptions { SliceBytes = 1 << 18 });
        await server.CreateAsync("s", """{"headDim": 64}""");
        (await server.SendAsync("POST", "/v1/sequences/s/append", Sent.Npy(Sent.NpyOf(k, 300, 1, 64), Sent.NpyOf(k, 300, 1, 64)))).Is(200);
        (float[] o, float[] lse) = await ExpectedAsync(k, q, new AttendOptions { Mask = AttentionMask.SlidingWindow(5000, 0) });

        byte[] body = Sent.NpyOf(q, rows, 1, 64);
        using RawRequest request = await RawRequest.StartAsync(server.Url, "POST", "/v1/sequences/s/attend?mask=window:5000,0", body.Length, Sent.NpyType);
        int half = body.Length / 2;
        await request.SendAsync(body[..half]);
        string head = await request.ReadHeadAsync();
        Assert.StartsWith("HTTP/1.1 200", head, StringComparison.Ordinal);
        int early = (rows * 64 * 4 / 4) + 64;
        byte[] begun = await request.ReadAsync(early); // a quarter of all rows, while half of them were not sent
        await request.SendAsync(body[half..]);
        int length = int.Parse(head.Split("Content-Length: ")[1].Split('\r')[0], CultureInfo.InvariantCulture);
        byte[] all = [.. begun, .. await request.ReadAsync(length - early)];
        Assert.Equal([o, lse], Sent.ReadNpy(all));
    }

    [Fact]
    public async Task ACallerThatHangsUpEndsItsCall()
    {
        TaskCompletionSource began = new(TaskCreationOptions.RunContinuationsAsynchronously);
        TaskCompletionSource ended = new(TaskCreationOptions.RunContinuationsAsynchronously);
        await using TestServer server = await TestServer.StartAsync(new StubAccess(new StubClient(_spec)
        {
            OnAttend = async (_, _, _, token) =>
            {
                using CancellationTokenRegistration registration = token.Register(ended.SetResult);
                began.SetResult();
                await Task.Delay(TimeSpan.FromMinutes(2), token);
                return default;
            },
        }));
        byte[] body = Sent.NpyOf(new float[64], 1, 1, 64);
        using (RawRequest request = await RawRequest.StartAsync(server.Url, "POST", "/v1/sequences/stub/attend", body.Length, Sent.NpyType))
        {
            await request.SendAsync(body);
            await began.Task.WaitAsync(TimeSpan.FromSeconds(30));
            Assert.False(ended.Task.IsCompleted);
        }

        await ended.Task.WaitAsync(TimeSpan.FromSeconds(30));
    }

    [Fact]
    public async Task HangingUpReachesTheLoopOverTiles()
    {
        const int rows = 20_000;
        float[] k = new SeededData(6).Normal(rows * 64);
        await using TestServer server = await TestServer.StartAsync(engine: new EmbeddedOptions { ComputeThreads = 1 });
        await server.CreateAsync("s", """{"headDim": 64}""");
        (await server.SendAsync("POST", "/v1/sequences/s/append", Sent.Npy(Sent.NpyOf(k, rows, 1, 64), Sent.NpyOf(k, rows, 1, 64)))).Is(200);
        byte[] body = Sent.NpyOf(k, rows, 1, 64);
        TimeSpan whole = await TimeAsync(() => server.SendAsync("POST", "/v1/sequences/s/attend", Sent.Of(body, Sent.NpyType)));
        TimeSpan small = await TimeAsync(() => server.SendAsync("POST", "/v1/sequences/s/attend", Sent.Npy(Sent.NpyOf(k.AsSpan(0, 64), 1, 1, 64))));
        for (int i = 0; i < 10; i++)
        {
            using RawRequest request = await RawRequest.StartAsync(server.Url, "POST", "/v1/sequences/s/attend", body.Length, Sent.NpyType);
            await request.SendAsync(body);
            await Task.Delay(whole / 20); // the call has begun by then, and is far from its end
        }

        // The one thread would have ten whole calls to do first.
        TimeSpan after = await TimeAsync(() => server.SendAsync("POST", "/v1/sequences/s/attend", Sent.Npy(Sent.NpyOf(k.AsSpan(0, 64), 1, 1, 64))));
        Assert.True(after < whole * 5, $"{after} after ten calls of {whole} that were given up; {small} alone.");
    }

    [Fact]
    public async Task ABodyThatIsCutOffLeavesWholePartsAndAServerThatGoesOn()
    {
        await using TestServer server = await TestServer.StartAsync(new AttentionHttpOptions { SliceBytes = 1 << 18 });
        await server.CreateAsync("s", """{"headDim": 64}""");
        byte[] body = Sent.NpyOf(new float[8000 * 128], 8000, 1, 128);
        using (RawRequest request = await RawRequest.StartAsync(server.Url, "POST", "/v1/sequences/s/append", body.Length, Sent.NpyType))
        {
            await request.SendAsync(body[..(body.Length / 2)]);
        }

        int length = -1;
        for (int again = -2; length != again;)
        {
            again = length;
            await Task.Delay(100); // the server goes on by itself with what it has got: it has to be asked
            length = (int)(await server.GetAsync("/v1/sequences/s")).Is(200).Json["length"]!;
        }

        Assert.InRange(length, 0, 4000);
        Assert.Equal(0, length % 512);
    }

    [Fact]
    public async Task AnAnswerThatFailsAfterItHasBegunIsCutOff()
    {
        int calls = 0;
        await using TestServer server = await TestServer.StartAsync(
            new StubAccess(new StubClient(_spec) { OnAttend = (_, _, _, _) => ++calls == 3 ? throw new NumericOverflowException(1, 0, "A score") : Task.FromResult(new AttentionSummary { Snapshot = new SequenceSnapshot(1, 0) }) }),
            new AttentionHttpOptions { SliceBytes = 1 << 17 });
        const int rows = 4000;
        byte[] body = Sent.NpyOf(new float[rows * 64], rows, 1, 64);
        using RawRequest request = await RawRequest.StartAsync(server.Url, "POST", "/v1/sequences/stub/attend", body.Length, Sent.NpyType);
        await request.SendAsync(body);
        string head = await request.ReadHeadAsync();
        Assert.StartsWith("HTTP/1.1 200", head, StringComparison.Ordinal);
        long declared = long.Parse(head.Split("Content-Length: ")[1].Split('\r')[0], CultureInfo.InvariantCulture);
        Assert.InRange(await request.ReadToEndAsync(), 0, declared - 1);
        Assert.Equal(3, calls);
    }

    [Fact]
    public async Task AnErrorOfALaterSliceNamesTheRowOfTheWhole()
    {
        // The second slice fails before the first has begun to be sent only if there is no first: so the failing row is in the first, which is the second tile of many.
        await using TestServer server = await TestServer.StartAsync();
        await server.CreateAsync("s", """{"headDim": 4}""");
        float[] rows = [.. new SeededData(8).Normal(40)];
        (await server.SendAsync("POST", "/v1/sequences/s/append", Sent.Npy(Sent.NpyOf(rows, 10, 1, 4), Sent.NpyOf(rows, 10, 1, 4)))).Is(200);
        float[] q = new float[5000 * 4];
        q[(4321 * 4) + 2] = float.NaN;
        System.Text.Json.Nodes.JsonNode problem = (await server.SendAsync("POST", "/v1/sequences/s/attend", Sent.Npy(Sent.NpyOf(q, 5000, 1, 4)))).Problem(422, "invalid-tensor");
        Assert.Equal(("q", 4321), ((string?)problem["tensor"], (int?)problem["token"]));
    }

    private static async Task SendAsync(TestServer server, HttpContent body)
    {
        body.Headers.ContentType = MediaTypeHeaderValue.Parse(Sent.NpyType);
        (await server.SendAsync("POST", "/v1/sequences/stub/append", body)).Is(200);
    }

    private static async Task<TimeSpan> TimeAsync(Func<Task<Answer>> send)
    {
        long started = System.Diagnostics.Stopwatch.GetTimestamp();
        (await send()).Is(200);
        return System.Diagnostics.Stopwatch.GetElapsedTime(started);
    }

    private static async Task<(float[] O, float[] Lse)> ExpectedAsync(float[] k, float[] q, AttendOptions options)
    {
        await using EmbeddedAttention engine = new(new EmbeddedOptions { ComputeThreads = 2 });
        IAttentionSequence sequence = await engine.CreateSequenceAsync("s", _spec);
        await sequence.AppendAsync(k, k);
        AttentionResult result = await sequence.AttendAsync(q, options);
        return (result.Output.ToArray(), result.Lse.ToArray());
    }
}
