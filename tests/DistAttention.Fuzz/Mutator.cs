using System.Buffers.Binary;
using System.Runtime.InteropServices;

namespace DistAttention.Fuzz;

/// <summary>Seeded changes of good bytes: flipped bits, other numbers, cuts, copies, zeros, pieces of other inputs, words of a grammar.</summary>
/// <param name="corpus">Good inputs, at least one.</param>
/// <param name="words">Words to strew in; none by default.</param>
/// <param name="longestPiece">The longest piece that is copied, removed or zeroed at a time, in bytes.</param>
internal sealed class Mutator(IReadOnlyList<byte[]> corpus, IReadOnlyList<byte[]>? words = null, int longestPiece = 600)
{
    private static readonly long[] _numbers =
        [0, 1, -1, 2, 79, 80, 127, 128, 255, 256, 511, 512, 1023, 1024, 1 << 20, 1 << 24, int.MaxValue, int.MinValue, uint.MaxValue, long.MaxValue, long.MinValue, long.MaxValue - 79];

    private readonly List<byte> _bytes = [];

    /// <summary>Makes an input that differs in one to three places, seldom more.</summary>
    /// <param name="chance">Where every choice comes from.</param>
    public byte[] Make(Random chance)
    {
        _bytes.Clear();
        _bytes.AddRange(corpus[chance.Next(corpus.Count)]);
        for (int edits = chance.Next(chance.Next(8) == 0 ? 12 : 3) + 1; edits > 0; edits--)
        {
            Edit(chance);
        }

        return [.. _bytes];
    }

    private void Edit(Random chance)
    {
        int at = chance.Next(_bytes.Count + 1);
        int length = Math.Min(chance.Next(1, longestPiece), _bytes.Count - at);
        switch (chance.Next(words is null ? 9 : 13))
        {
            case 0 or 1 when at < _bytes.Count:
                _bytes[at] ^= (byte)(1 << chance.Next(8));
                break;
            case 2 when at < _bytes.Count:
                _bytes[at] = (byte)chance.Next(256);
                break;
            case 3:
                OverwriteNumber(at, chance);
                break;
            case 4:
                _bytes.RemoveRange(at, length);
                break;
            case 5:
                _bytes.InsertRange(at, _bytes.GetRange(at, length));
                break;
            case 6:
                _bytes.RemoveRange(at, _bytes.Count - at);
                break;
            case 7:
                byte[] other = corpus[chance.Next(corpus.Count)];
                int from = chance.Next(other.Length + 1);
                _bytes.InsertRange(at, other.AsSpan(from, Math.Min(length, other.Length - from)));
                break;
            case 9 or 10:
                byte[] overwriting = words![chance.Next(words.Count)];
                _bytes.RemoveRange(at, Math.Min(overwriting.Length, _bytes.Count - at)); // so that lengths still fit
                _bytes.InsertRange(at, overwriting);
                break;
            case 11 or 12:
                _bytes.InsertRange(at, words![chance.Next(words.Count)]);
                break;
            default:
                _bytes.InsertRange(at, new byte[length]);
                break;
        }
    }

    private void OverwriteNumber(int at, Random chance)
    {
        Span<byte> number = stackalloc byte[8];
        long value = _numbers[chance.Next(_numbers.Length)];
        if (chance.Next(2) == 0)
        {
            at &= ~3; // where numbers of files stand
            BinaryPrimitives.WriteInt64LittleEndian(number, value);
        }
        else
        {
            BinaryPrimitives.WriteInt64BigEndian(number, value); // as MessagePack has them
        }

        int width = chance.Next(2) == 0 ? 4 : 8;
        Span<byte> rest = CollectionsMarshal.AsSpan(_bytes)[at..];
        number[..Math.Min(width, rest.Length)].CopyTo(rest);
    }
}
