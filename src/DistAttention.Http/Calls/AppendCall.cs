using System.Text.Json.Nodes;
using DistAttention.Http.Parameters;
using DistAttention.Http.Tensors;

namespace DistAttention.Http.Calls;

/// <summary>Appends rows that come in a body of any length.</summary>
internal static class AppendCall
{
    public static async Task RunAsync(ApiCall call)
    {
        ITensorFormat format = TensorFormats.OfBody(call.Context.Request);
        OperationKey key = OperationKey.Of(call.Values);
        long? position = call.Values.WholeNumber(ApiParameters.Position, 0, long.MaxValue);
        IAttentionSequence sequence = await call.OpenAsync().ConfigureAwait(false);
        AppendRun run = new(sequence, key, position, call.Aborted);
        AppendResult appended;
        try
        {
            await ReadAsync(call.ReadTensors(format), sequence.Spec, call.Options, run, call.Aborted).ConfigureAwait(false);
            appended = await run.FinishAsync().ConfigureAwait(false);
        }
        catch (Exception error)
        {
            throw await run.FailedAsync(error).ConfigureAwait(false);
        }

        await JsonAnswers.WriteAsync(call.Context, ToJson(appended)).ConfigureAwait(false);
    }

    private static async Task ReadAsync(TensorBodyReader reader, SequenceSpec spec, AttentionHttpOptions options, AppendRun run, CancellationToken cancellationToken)
    {
        KvBody rows = new(reader, spec, options);
        await reader.RequireNextAsync("k", cancellationToken).ConfigureAwait(false);
        do
        {
            await rows.ReadAsync(run.AddAsync, cancellationToken).ConfigureAwait(false);
        }
        while (await reader.NextAsync(cancellationToken).ConfigureAwait(false) is not null);
    }

    private static JsonObject ToJson(AppendResult appended) => new()
    {
        ["firstPosition"] = appended.FirstPosition,
        ["count"] = appended.Count,
        ["epoch"] = appended.Snapshot.Epoch,
        ["length"] = appended.Snapshot.Length,
    };
}
