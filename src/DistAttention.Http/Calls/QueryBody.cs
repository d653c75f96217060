using DistAttention.Http.Tensors;

namespace DistAttention.Http.Calls;

/// <summary>The queries of a body, and before them the tensors that mask and score name.</summary>
internal static class QueryBody
{
    public const string Name = "q";

    /// <summary>Goes on to q, holding what comes before it.</summary>
    /// <param name="call">The request.</param>
    /// <param name="reader">Its body.</param>
    /// <param name="named">Receives what is not q.</param>
    public static async ValueTask<TensorHead> FindAsync(ApiCall call, TensorBodyReader reader, NamedTensors named)
    {
        TensorHead head = await reader.RequireNextAsync(Name, call.Aborted).ConfigureAwait(false);
        while (head.Name is not (null or Name))
        {
            await named.TakeAsync(reader, call.Aborted).ConfigureAwait(false);
            head = await reader.RequireNextAsync(Name, call.Aborted).ConfigureAwait(false);
        }

        call.Values.Add(reader.Texts);
        return head;
    }

    /// <summary>Refuses queries of another shape than the sequence's.</summary>
    public static void RequireShape(TensorHead head, SequenceSpec spec)
    {
        bool fits = head.Layout.Shape switch
        {
            [_, long heads, long last] => heads == spec.NumHeadsQ && last == spec.HeadDim,
            [_, long last] => spec.NumHeadsQ == 1 && last == spec.HeadDim,
            _ => false,
        };
        if (!fits)
        {
            throw new ShapeMismatchException(Name, $"[rows, {spec.NumHeadsQ}, {spec.HeadDim}]", head.Shape);
        }
    }
}
