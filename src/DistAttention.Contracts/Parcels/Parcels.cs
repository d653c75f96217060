using System.Buffers;
using Orleans.Serialization;

namespace DistAttention.Contracts;

/// <summary>
/// Answers that are larger than a message, kept until they are fetched. Rare: the mass of one query row over tens of thousands of
/// bins and hundreds of heads, the plan of a call over millions of shards; what can be cut into smaller calls is.
/// </summary>
/// <param name="serializer">Writes and reads them, as it would a message.</param>
/// <param name="time">The clock of forgetting.</param>
public sealed class Parcels(Serializer serializer, TimeProvider time)
{
    /// <summary>The largest parcel, and the most that is kept at a time, in bytes.</summary>
    public const long MaxBytes = 1 << 30;

    /// <summary>How long a parcel waits for the next fetch.</summary>
    private static readonly TimeSpan _patience = TimeSpan.FromSeconds(60);

    private readonly Lock _lock = new();
    private readonly Dictionary<Guid, Kept> _kept = [];

    /// <summary>An answer as it is, or what tells where to fetch it.</summary>
    /// <param name="what">What it is, for the error.</param>
    /// <param name="bytes">About its size.</param>
    /// <param name="answer">The answer.</param>
    /// <param name="elsewhere">Makes what tells.</param>
    /// <exception cref="MessageTooLargeException">It is larger than any parcel.</exception>
    /// <exception cref="OverloadedException">Too much is waiting to be fetched.</exception>
    public T Fit<T>(string what, long bytes, T answer, Func<Parcel, T> elsewhere) =>
        CallLimits.Fits(bytes) ? answer : elsewhere(Keep(what, bytes, answer));

    /// <summary>Keeps an answer.</summary>
    /// <param name="what">What it is, for the error.</param>
    /// <param name="bytes">About its size.</param>
    /// <param name="answer">The answer.</param>
    /// <exception cref="MessageTooLargeException">It is larger than any parcel.</exception>
    /// <exception cref="OverloadedException">Too much is waiting to be fetched.</exception>
    public Parcel Keep<T>(string what, long bytes, T answer)
    {
        RequireFits(what, bytes);
        ArrayBufferWriter<byte> written = new((int)bytes);
        serializer.Serialize(answer, written);
        Parcel parcel = new(Guid.NewGuid(), written.WrittenCount);
        lock (_lock)
        {
            foreach ((Guid id, Kept _) in _kept.Where(k => time.GetElapsedTime(k.Value.Since) > _patience).ToArray())
            {
                _kept.Remove(id);
            }

            if (_kept.Values.Sum(static k => (long)k.Bytes.Length) + parcel.Bytes > MaxBytes)
            {
                throw new OverloadedException("The room for answers that are larger than a message", TimeSpan.FromSeconds(1));
            }

            _kept[parcel.Id] = new Kept(written.WrittenMemory, time.GetTimestamp());
        }

        return parcel;
    }

    /// <summary>Gives a part out.</summary>
    /// <param name="id">The parcel.</param>
    /// <param name="part">Which part.</param>
    public ParcelPart Fetch(Guid id, int part)
    {
        lock (_lock)
        {
            if (!_kept.TryGetValue(id, out Kept? kept) || part < 0 || (long)part * CallLimits.MessageBytes >= kept.Bytes.Length)
            {
                throw new CorruptPayloadException($"there is no part {part} of parcel {id:N} here any more");
            }

            int start = part * CallLimits.MessageBytes;
            int end = Math.Min(kept.Bytes.Length, start + CallLimits.MessageBytes);
            if (end == kept.Bytes.Length)
            {
                _kept.Remove(id);
            }
            else
            {
                _kept[id] = kept with { Since = time.GetTimestamp() };
            }

            return new ParcelPart(kept.Bytes[start..end].ToArray());
        }
    }

    /// <summary>An answer, fetched if it has to be.</summary>
    /// <param name="serializer">Reads it, as it would a message.</param>
    /// <param name="site">Who gave it.</param>
    /// <param name="answer">What was given.</param>
    /// <param name="cancellationToken">Gives up.</param>
    public static async Task<T> WholeAsync<T>(Serializer serializer, IParcelSite site, T answer, CancellationToken cancellationToken)
        where T : IMayBeParcel =>
        answer.Parcel is { } parcel ? await OpenAsync<T>(serializer, site, parcel, cancellationToken).ConfigureAwait(false) : answer;

    /// <summary>Fetches a parcel.</summary>
    /// <param name="serializer">Reads it, as it would a message.</param>
    /// <param name="site">Who keeps it.</param>
    /// <param name="parcel">The parcel.</param>
    /// <param name="cancellationToken">Gives up.</param>
    public static async Task<T> OpenAsync<T>(Serializer serializer, IParcelSite site, Parcel parcel, CancellationToken cancellationToken)
    {
        RequireFits("An answer", parcel.Bytes);
        byte[] bytes = GC.AllocateUninitializedArray<byte>((int)parcel.Bytes);
        int filled = 0;
        for (int part = 0; part < parcel.Parts; part++)
        {
            byte[] got = (await site.FetchAsync(parcel.Id, part).WaitAsync(cancellationToken).ConfigureAwait(false)).Bytes;
            if (got.Length > bytes.Length - filled)
            {
                break;
            }

            got.CopyTo(bytes, filled);
            filled += got.Length;
        }

        return filled == bytes.Length
            ? serializer.Deserialize<T>(bytes.AsMemory())!
            : throw new CorruptPayloadException($"a parcel of {bytes.Length} bytes came with others");
    }

    /// <summary>Refuses what no parcel carries, before it is made.</summary>
    /// <param name="what">What it is.</param>
    /// <param name="bytes">Its size.</param>
    /// <exception cref="MessageTooLargeException">It does not fit.</exception>
    public static void RequireFits(string what, long bytes)
    {
        if (bytes is < 0 or > MaxBytes)
        {
            throw new MessageTooLargeException(what, bytes, MaxBytes);
        }
    }

    private sealed record Kept(ReadOnlyMemory<byte> Bytes, long Since);
}
