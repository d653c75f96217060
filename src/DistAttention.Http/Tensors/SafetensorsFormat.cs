using System.Buffers.Binary;
using DistAttention.Engine.TensorFiles;
using DistAttention.Http.Bodies;

namespace DistAttention.Http.Tensors;

/// <summary>huggingface's safetensors: named tensors in one document, and texts beside them (<c>__metadata__</c>), which may say how to attend.</summary>
internal sealed class SafetensorsFormat : ITensorFormat
{
    public string MediaType => "application/x-safetensors";

    public IReadOnlyList<string> Aliases => ["application/safetensors", "application/vnd.safetensors"];

    public TensorBodyReader Read(BodyBytes body) => new Reader(body);

    public byte[][] Heads(IReadOnlyList<AnswerTensor> tensors)
    {
        byte[][] heads = [.. tensors.Select(static _ => Array.Empty<byte>())];
        heads[0] = SafetensorsWriter.Header([.. tensors.Select(static t => new SafetensorsTensor(t.Name, TensorDataType.Float32, t.Shape))], new Dictionary<string, string>());
        return heads;
    }

    private sealed class Reader(BodyBytes body) : TensorBodyReader(body)
    {
        /// <summary>Far above what a few tensors need; the format itself allows a hundred times as much.</summary>
        private const int MaxHeader = 1 << 20;

        private readonly Queue<TensorHead> _declared = [];

        protected override async ValueTask<TensorHead?> ReadHeadAsync(CancellationToken cancellationToken)
        {
            while (_declared.Count == 0)
            {
                if (await Body.IsAtEndAsync(cancellationToken).ConfigureAwait(false))
                {
                    return null;
                }

                await ReadHeaderAsync(cancellationToken).ConfigureAwait(false);
            }

            return _declared.Dequeue();
        }

        private async ValueTask ReadHeaderAsync(CancellationToken cancellationToken)
        {
            byte[] prefix = new byte[SafetensorsHeader.PrefixLength];
            await Body.ReadExactlyAsync(prefix, "a .safetensors header", cancellationToken).ConfigureAwait(false);
            ulong length = BinaryPrimitives.ReadUInt64LittleEndian(prefix);
            if (length > MaxHeader)
            {
                throw Error($"declares a .safetensors header of {length:N0} bytes, or is none; at most {MaxHeader:N0} are read");
            }

            Body.RequireLeft((long)length, "a .safetensors header");
            byte[] json = new byte[length];
            await Body.ReadExactlyAsync(json, "a .safetensors header", cancellationToken).ConfigureAwait(false);
            IReadOnlyList<SafetensorsEntry> entries = SafetensorsHeader.Read(Body, json, dataLength: null, out IReadOnlyDictionary<string, string> texts);
            foreach (SafetensorsEntry entry in entries)
            {
                _declared.Enqueue(new TensorHead(entry.Name, entry.ToLayout(Body, dataOffset: 0, integers: null)));
            }

            foreach ((string key, string value) in texts)
            {
                Texts[key] = value;
            }
        }
    }
}
