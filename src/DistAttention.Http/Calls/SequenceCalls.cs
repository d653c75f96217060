using System.Text.Json.Nodes;
using DistAttention.Http.Parameters;
using Microsoft.AspNetCore.Http;

namespace DistAttention.Http.Calls;

/// <summary>Sequences as a whole: list, create, look at, delete, fork, truncate.</summary>
internal static class SequenceCalls
{
    private const int DefaultPage = 1000;
    private const int MostOfPage = 10_000;

    public static async Task ListAsync(ApiCall call)
    {
        string? prefix = call.Values.Text(ApiParameters.Prefix);
        string? after = call.Values.Text(ApiParameters.After);
        long limit = call.Values.WholeNumber(ApiParameters.Limit, 1, MostOfPage) ?? DefaultPage;
        JsonArray page = [];
        string? last = null;
        bool isCut = false;
        await foreach (SequenceInfo info in call.Client.ListSequencesAsync(prefix, call.Aborted).ConfigureAwait(false))
        {
            if (after is not null && string.CompareOrdinal(info.Id.Value, after) <= 0)
            {
                continue;
            }

            isCut = page.Count == limit;
            if (isCut)
            {
                break;
            }

            page.Add(SequenceJson.Of(info));
            last = info.Id.Value;
        }

        await JsonAnswers.WriteAsync(call.Context, new JsonObject { ["sequences"] = page, ["next"] = isCut ? last : null }).ConfigureAwait(false);
    }

    public static async Task CreateAsync(ApiCall call)
    {
        SequenceId id = call.Id;
        SequenceSpec spec = SequenceJson.Read(await JsonBody.ReadAsync(call.Context, call.Options.MaxJsonBytes).ConfigureAwait(false));
        IAttentionSequence made = await call.Client.CreateSequenceAsync(id, spec, call.Aborted).ConfigureAwait(false);
        await AnswerMadeAsync(call, made).ConfigureAwait(false);
    }

    public static async Task InfoAsync(ApiCall call)
    {
        IAttentionSequence sequence = await call.OpenAsync().ConfigureAwait(false);
        SequenceInfo info = await sequence.GetInfoAsync(call.Aborted).ConfigureAwait(false);
        await JsonAnswers.WriteCacheableAsync(call.Context, SequenceJson.Of(info)).ConfigureAwait(false);
    }

    public static async Task DeleteAsync(ApiCall call)
    {
        await call.Client.DeleteSequenceAsync(call.Id, call.Aborted).ConfigureAwait(false);
        call.Context.Response.StatusCode = StatusCodes.Status204NoContent;
    }

    public static async Task ForkAsync(ApiCall call)
    {
        JsonFields fields = await JsonBody.ReadAsync(call.Context, call.Options.MaxJsonBytes).ConfigureAwait(false);
        SequenceId id = new(fields.RequiredText("id"));
        long? length = fields.WholeNumber("length", 0, long.MaxValue);
        fields.End();
        IAttentionSequence sequence = await call.OpenAsync().ConfigureAwait(false);
        IAttentionSequence fork = await sequence.ForkAsync(id, length, call.Aborted).ConfigureAwait(false);
        await AnswerMadeAsync(call, fork).ConfigureAwait(false);
    }

    public static async Task TruncateAsync(ApiCall call)
    {
        JsonFields fields = await JsonBody.ReadAsync(call.Context, call.Options.MaxJsonBytes).ConfigureAwait(false);
        long length = fields.WholeNumber("length", 0, long.MaxValue) ?? throw fields.Missing("length");
        fields.End();
        IAttentionSequence sequence = await call.OpenAsync().ConfigureAwait(false);
        SequenceSnapshot snapshot = await sequence.TruncateAsync(length, call.Aborted).ConfigureAwait(false);
        await JsonAnswers.WriteAsync(call.Context, SequenceJson.Of(snapshot)).ConfigureAwait(false);
    }

    private static async Task AnswerMadeAsync(ApiCall call, IAttentionSequence made)
    {
        SequenceInfo info = await made.GetInfoAsync(call.Aborted).ConfigureAwait(false);
        call.Context.Response.StatusCode = StatusCodes.Status201Created;
        call.Context.Response.Headers.Location = $"/v1/sequences/{Uri.EscapeDataString(made.Id.Value)}";
        await JsonAnswers.WriteAsync(call.Context, SequenceJson.Of(info)).ConfigureAwait(false);
    }
}
