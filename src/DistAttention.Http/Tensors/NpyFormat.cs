using DistAttention.Engine.TensorFiles;
using DistAttention.Http.Bodies;

namespace DistAttention.Http.Tensors;

/// <summary>NumPy's .npy, one tensor after another: what <c>numpy.save</c> writes when it is called several times for one file. Tensors have no names; their order tells.</summary>
internal sealed class NpyFormat : ITensorFormat
{
    public string MediaType => "application/x-npy";

    public IReadOnlyList<string> Aliases => ["application/npy", "application/vnd.numpy.npy"];

    public TensorBodyReader Read(BodyBytes body) => new Reader(body);

    public byte[][] Heads(IReadOnlyList<AnswerTensor> tensors) => [.. tensors.Select(static t => NpyWriter.Header(t.Shape))];

    private sealed class Reader(BodyBytes body) : TensorBodyReader(body)
    {
        private const int ShortPrefix = NpyHeader.PrefixLength - 2;

        private readonly byte[] _prefix = new byte[NpyHeader.PrefixLength];

        protected override async ValueTask<TensorHead?> ReadHeadAsync(CancellationToken cancellationToken)
        {
            if (await Body.IsAtEndAsync(cancellationToken).ConfigureAwait(false))
            {
                return null;
            }

            await Body.ReadExactlyAsync(_prefix.AsMemory(0, ShortPrefix), "an .npy header", cancellationToken).ConfigureAwait(false);
            if (!_prefix.AsSpan().StartsWith(NpyHeader.Magic))
            {
                throw Error("is no .npy, or goes on with something else behind one");
            }

            int prefixLength = _prefix[6] == 1 ? ShortPrefix : NpyHeader.PrefixLength;
            await Body.ReadExactlyAsync(_prefix.AsMemory(ShortPrefix, prefixLength - ShortPrefix), "an .npy header", cancellationToken).ConfigureAwait(false);
            (_, int length) = NpyHeader.Extent(Body, _prefix.AsSpan(0, prefixLength));
            Body.RequireLeft(length, "an .npy header");
            byte[] text = new byte[length];
            await Body.ReadExactlyAsync(text, "an .npy header", cancellationToken).ConfigureAwait(false);
            return new TensorHead(null, NpyHeader.Parse(Body, text, integers: null));
        }
    }
}
