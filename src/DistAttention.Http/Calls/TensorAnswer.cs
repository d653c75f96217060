using System.Buffers;
using System.Globalization;
using System.IO.Pipelines;
using DistAttention.Http.Bodies;
using DistAttention.Http.Parameters;
using DistAttention.Http.Problems;
using DistAttention.Http.Tensors;
using Microsoft.AspNetCore.Http;

namespace DistAttention.Http.Calls;

/// <summary>
/// The answer of an attend: o row by row as rows are answered, then lse, of which a number per row and head is held until then. Its length is said before it, so
/// that a caller sees when it was cut off.
/// </summary>
internal sealed class TensorAnswer : IDisposable
{
    private readonly HttpContext _context;
    private readonly ITensorFormat _format;
    private readonly List<AnswerTensor> _tensors = [];
    private readonly List<PooledFloats> _lse = [];
    private readonly bool _withO;
    private readonly bool _withLse;
    private byte[][] _heads = [];

    /// <param name="call">The request.</param>
    /// <param name="format">The format of the answer.</param>
    public TensorAnswer(ApiCall call, ITensorFormat format)
    {
        _context = call.Context;
        _format = format;
        (_withO, _withLse) = call.Values.Text(ApiParameters.Outputs) switch
        {
            null or "o,lse" => (true, true),
            "o" => (true, false),
            "lse" => (false, true),
            { } other => throw HttpProblemException.Parameter(ApiParameters.Outputs.Name, $"'{other}' is not o,lse or o or lse"),
        };
    }

    private PipeWriter To => _context.Response.BodyWriter;

    /// <summary>Says what comes. After this the answer has begun.</summary>
    /// <param name="spec">The sequence's shape.</param>
    /// <param name="rows">Query rows.</param>
    /// <param name="summary">What the first of them were computed against.</param>
    public void Start(SequenceSpec spec, long rows, in AttentionSummary summary)
    {
        if (_withO)
        {
            _tensors.Add(new AnswerTensor("o", rows, spec.NumHeadsQ, spec.HeadDimV));
        }

        if (_withLse)
        {
            _tensors.Add(new AnswerTensor("lse", rows, spec.NumHeadsQ));
        }

        _heads = _format.Heads(_tensors);
        HttpResponse response = _context.Response;
        response.ContentType = _format.MediaType;
        response.ContentLength = _heads.Sum(static h => (long)h.Length) + _tensors.Sum(static t => t.Bytes);
        response.Headers.CacheControl = "no-store";
        response.Headers["DistAttention-Epoch"] = Text(summary.Snapshot.Epoch);
        response.Headers["DistAttention-Length"] = Text(summary.Snapshot.Length);
        response.Headers["DistAttention-First-Query-Position"] = Text(summary.FirstQueryPosition);
        To.Write(_heads[0]);
    }

    /// <summary>Sends some rows.</summary>
    /// <param name="o">[rows, NumHeadsQ, HeadDimV].</param>
    /// <param name="lse">[rows, NumHeadsQ]; kept until the end.</param>
    public async ValueTask AddAsync(ReadOnlyMemory<float> o, ReadOnlyMemory<float> lse)
    {
        if (_withO)
        {
            await To.WriteFloatsAsync(o, _context.RequestAborted).ConfigureAwait(false);
        }
        else
        {
            await To.WriteFloatsAsync(lse, _context.RequestAborted).ConfigureAwait(false);
        }

        if (_withO && _withLse)
        {
            PooledFloats kept = new(lse.Length);
            _lse.Add(kept);
            lse.CopyTo(kept.Memory);
        }
    }

    /// <summary>Sends what was kept.</summary>
    public async ValueTask FinishAsync()
    {
        if (_withO && _withLse)
        {
            To.Write(_heads[1]);
            foreach (PooledFloats kept in _lse)
            {
                await To.WriteFloatsAsync(kept.Memory, _context.RequestAborted).ConfigureAwait(false);
            }
        }

        await To.FlushAsync(_context.RequestAborted).ConfigureAwait(false);
    }

    public void Dispose() => _lse.ForEach(static kept => kept.Dispose());

    private static string Text(long value) => value.ToString(CultureInfo.InvariantCulture);
}
