using DistAttention.Http.Bodies;
using DistAttention.Http.Parameters;
using DistAttention.Http.Problems;
using DistAttention.Http.Tensors;

namespace DistAttention.Http.Calls;

/// <summary>A decode step: one part of k and v, and the queries behind it.</summary>
internal static class AppendAndAttendCall
{
    public static async Task RunAsync(ApiCall call)
    {
        ITensorFormat format = TensorFormats.OfBody(call.Context.Request);
        ITensorFormat answerFormat = TensorFormats.OfAnswer(call.Context.Request, format);
        OperationKey key = OperationKey.Of(call.Values);
        IAttentionSequence sequence = await call.OpenAsync().ConfigureAwait(false);
        SequenceSpec spec = sequence.Spec;
        TensorBodyReader reader = call.ReadTensors(format);
        using TensorAnswer answer = new(call, answerFormat);
        NamedTensors named = new(call.Options.MaxHeldBytes);

        await reader.RequireNextAsync("k", call.Aborted).ConfigureAwait(false);
        while (!KvBody.IsPart(reader.Current!))
        {
            await named.TakeAsync(reader, call.Aborted).ConfigureAwait(false);
            await reader.RequireNextAsync("k", call.Aborted).ConfigureAwait(false);
        }

        using Kept kept = new();
        KvBody body = new(reader, spec, call.Options);
        await body.ReadAsync(kept.Take, call.Aborted).ConfigureAwait(false);
        TensorHead head = await QueryBody.FindAsync(call, reader, named).ConfigureAwait(false);
        QueryBody.RequireShape(head, spec);
        if (head.Length > call.Options.MaxHeldBytes / sizeof(float))
        {
            throw HttpProblemException.TooLarge($"q {head.Shape} is more than {call.Options.MaxHeldBytes:N0} bytes; append, and then attend");
        }

        using PooledFloats q = new((int)head.Length);
        await reader.ReadAsync(q.Memory, call.Aborted).ConfigureAwait(false);
        await reader.RequireEndAsync(call.Aborted).ConfigureAwait(false);

        long? position = call.Values.WholeNumber(ApiParameters.Position, 0, long.MaxValue);
        named.FirstQueryPosition = AttendParameters.FirstQueryPosition(call.Values)
            ?? (named.IsEmpty ? 0 : throw HttpProblemException.Parameter(ApiParameters.FirstQueryPosition.Name, "is needed where mask or score name tensors"));
        AttendOptions options = AttendParameters.Options(call.Values, spec, named);
        AttentionResult result = await sequence.AppendAndAttendAsync(
            kept.K, kept.V, q.Memory, options, new AppendOptions { OperationId = key.Part(0), ExpectedPosition = position }, call.Aborted).ConfigureAwait(false);
        answer.Start(spec, head.Rows, result.Summary);
        await answer.AddAsync(result.Output, result.Lse).ConfigureAwait(false);
        await answer.FinishAsync().ConfigureAwait(false);
    }

    /// <summary>The rows of a step.</summary>
    private sealed class Kept : IDisposable
    {
        private IDisposable? _buffers;

        public ReadOnlyMemory<float> K { get; private set; }

        public ReadOnlyMemory<float> V { get; private set; }

        public ValueTask Take(ReadOnlyMemory<float> k, ReadOnlyMemory<float> v, int rows, IDisposable buffers)
        {
            if (_buffers is not null)
            {
                buffers.Dispose();
                throw HttpProblemException.TooLarge($"k and v have more rows than one step may have; append, and then attend");
            }

            (K, V, _buffers) = (k, v, buffers);
            return default;
        }

        public void Dispose() => _buffers?.Dispose();
    }
}
