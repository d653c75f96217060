using System.Numerics;
using System.Text;

namespace DistAttention.Kernels.Tests.Storage;

public sealed class Crc32CTests
{
    [Fact]
    public void ItIsTheKnownOne()
    {
        // RFC 3720, appendix B.4, and the check value of the CRC catalogue.
        Assert.Equal(0xE3069283u, Crc32C.Of(Encoding.ASCII.GetBytes("123456789")));
        Assert.Equal(0x8A9136AAu, Crc32C.Of(new byte[32]));
        Assert.Equal(0x62A8AB43u, Crc32C.Of(Enumerable.Repeat((byte)0xFF, 32).ToArray()));
        Assert.Equal(0u, Crc32C.Of([]));
    }

    [Fact]
    public void FoldingAndManyStreamsSumUpToOne()
    {
        byte[] bytes = new byte[90_000];
        new Random(1).NextBytes(bytes);
        for (int length = 0; length < bytes.Length; length += length < 1100 ? 1 : 997)
        {
            uint one = uint.MaxValue;
            foreach (byte b in bytes.AsSpan(0, length))
            {
                one = BitOperations.Crc32C(one, b);
            }

            Assert.Equal(~one, Crc32C.Of(bytes.AsSpan(0, length)));
            Assert.Equal(one, Crc32C.InLanes(uint.MaxValue, bytes.AsSpan(0, length)));
        }
    }

    [Fact]
    public void EqualChangesAtAnyDistanceDoNotCancelOut()
    {
        byte[] bytes = new byte[20_000];
        new Random(2).NextBytes(bytes);
        uint whole = Crc32C.Of(bytes);
        for (int distance = 1; distance < 19_000; distance += distance < 600 ? 1 : 61)
        {
            foreach (int at in (int[])[0, 133, 900])
            {
                bytes[at] ^= 0x80;
                bytes[at + distance] ^= 0x80;
                Assert.NotEqual(whole, Crc32C.Of(bytes));
                bytes[at] ^= 0x80;
                bytes[at + distance] ^= 0x80;
            }
        }
    }
}
