using DistAttention.Http.Parameters;
using DistAttention.Http.Tensors;
using Microsoft.AspNetCore.Http;

namespace DistAttention.Http.Calls;

/// <summary>The plan of a call, without its queries.</summary>
internal static class ExplainCall
{
    public static async Task RunAsync(ApiCall call)
    {
        HttpRequest request = call.Context.Request;
        ParameterValues values = call.Values;
        int rows = (int)values.WholeNumber(ApiParameters.Rows, 0, int.MaxValue)!;
        bool withVisits = values.Flag(ApiParameters.Visits);
        IAttentionSequence sequence = await call.OpenAsync().ConfigureAwait(false);
        NamedTensors named = new(call.Options.MaxHeldBytes);
        if (HttpMethods.IsPost(request.Method) && (request.ContentType is not null || request.ContentLength > 0))
        {
            TensorBodyReader reader = call.ReadTensors(TensorFormats.OfBody(request));
            while (await reader.NextAsync(call.Aborted).ConfigureAwait(false) is { } head)
            {
                if (head.Name is null)
                {
                    throw reader.Error("has a tensor without a name; masks and scores name their tensors");
                }

                await named.TakeAsync(reader, call.Aborted).ConfigureAwait(false);
            }

            values.Add(reader.Texts);
        }

        if (AttendParameters.FirstQueryPosition(values) is { } given)
        {
            named.FirstQueryPosition = given;
        }
        else if (!named.IsEmpty)
        {
            named.FirstQueryPosition = (AttendParameters.Length(values) ?? (await sequence.GetInfoAsync(call.Aborted).ConfigureAwait(false)).Length) - rows;
        }

        AttendOptions options = AttendParameters.Options(values, sequence.Spec, named);
        AttentionPlan plan = await sequence.ExplainAsync(rows, options, call.Aborted).ConfigureAwait(false);
        await JsonAnswers.WriteAsync(call.Context, PlanJson.Of(PlanView.Of(plan, sequence.Spec), withVisits)).ConfigureAwait(false);
    }
}
