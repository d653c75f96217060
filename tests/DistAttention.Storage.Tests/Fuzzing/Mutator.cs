using System.Buffers.Binary;

namespace DistAttention.Storage.Tests.Fuzzing;

/// <summary>Seeded changes of good bytes: flipped bits, other numbers, cuts, copies, zeros.</summary>
internal static class Mutator
{
    private static readonly long[] _numbers =
        [0, 1, -1, 2, 79, 80, 127, 128, 255, 256, 511, 512, 1023, 1024, 1 << 20, 1 << 24, int.MaxValue, int.MinValue, uint.MaxValue, long.MaxValue, long.MinValue, long.MaxValue - 79];

    public static byte[] Mutate(byte[] good, Random chance)
    {
        List<byte> bytes = [.. good];
        for (int edits = chance.Next(1, 4); edits > 0; edits--)
        {
            int at = chance.Next(bytes.Count + 1);
            int length = Math.Min(chance.Next(1, 600), bytes.Count - at);
            switch (chance.Next(8))
            {
                case 0 or 1 when at < bytes.Count:
                    bytes[at] ^= (byte)(1 << chance.Next(8));
                    break;
                case 2 when at < bytes.Count:
                    bytes[at] = (byte)chance.Next(256);
                    break;
                case 3:
                    OverwriteNumber(bytes, at, chance);
                    break;
                case 4:
                    bytes.RemoveRange(at, length);
                    break;
                case 5:
                    bytes.InsertRange(at, bytes.GetRange(at, length));
                    break;
                case 6:
                    bytes.RemoveRange(at, bytes.Count - at);
                    break;
                default:
                    bytes.InsertRange(at, new byte[length]);
                    break;
            }
        }

        return [.. bytes];
    }

    private static void OverwriteNumber(List<byte> bytes, int at, Random chance)
    {
        at &= ~3; // where numbers stand
        byte[] number = new byte[8];
        BinaryPrimitives.WriteInt64LittleEndian(number, _numbers[chance.Next(_numbers.Length)]);
        int width = chance.Next(2) == 0 ? 4 : 8;
        for (int i = 0; i < width && at + i < bytes.Count; i++)
        {
            bytes[at + i] = number[i];
        }
    }
}
