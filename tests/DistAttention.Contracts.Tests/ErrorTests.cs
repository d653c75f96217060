using System.Reflection;

namespace DistAttention.Contracts.Tests;

public sealed class ErrorTests
{
    private static readonly DistAttentionException[] _errors =
    [
        new InvalidSpecException("Property", "is wrong"),
        new ShapeMismatchException("q", "[1, 2]", "[3]"),
        new InvalidTensorException("k", 1L << 40, 3, "is NaN"),
        new NumericOverflowException(77, 5, "The output"),
        new MaskSyntaxException("casual", 2, "what is that"),
        new CapacityExceededException(1L << 50, 2, 3),
        new OverloadedException("The queue", TimeSpan.FromMilliseconds(123)),
        new AttentionTimeoutException(TimeSpan.FromSeconds(7), new SequenceNotFoundException("inner")),
        new AttentionTimeoutException(TimeSpan.FromSeconds(7)),
        new AccessDeniedException("the call carries no token"),
        new PartialFailureException(8, 3, new InvalidOperationException("first cause")),
        new SequenceNotFoundException("a/b"),
        new SequenceExistsException("a/b"),
        new ArithmeticVersionException(2, 1),
        new AppendConflictException("not there"),
        new SnapshotLostException("s", new SequenceSnapshot(3, 4)),
        new ShardLostException("s", new PositionRange(1024, 2048), "gone", new InvalidOperationException("cause")),
        new StorageException("a/file", "has no room"),
        new StorageException("a database", "does not answer", isTransient: true),
        new StorageDamagedException("a/file", 1L << 40, new PositionRange(5, 7), "its checksum is wrong"),
        new MessageTooLargeException("A thing", 1L << 33, 1 << 24),
        new ReservationGoneException(OperationId.New()),
        new CorruptPayloadException("its checksum is wrong"),
        new RebalanceRefusedException("one silo is left"),
        new SiloUnreachableException("silo", "does not answer", new InvalidOperationException("cause")),
        SiloUnreachableException.OfLostCall("silo"),
    ];

    public static TheoryData<int> Errors() => [.. Enumerable.Range(0, _errors.Length)];

    [Theory]
    [MemberData(nameof(Errors))]
    public void AnErrorArrivesWithItsTypeItsTextAndItsProperties(int index)
    {
        DistAttentionException sent = _errors[index];
        Exception received = Wire.Send<Exception>(sent);
        Assert.Equal(sent.GetType(), received.GetType());
        Assert.Equal(sent.Message, received.Message);
        foreach (PropertyInfo property in sent.GetType().GetProperties(BindingFlags.Public | BindingFlags.Instance | BindingFlags.DeclaredOnly))
        {
            Assert.Equal(property.GetValue(sent), property.GetValue(received));
        }

        Assert.Equal(sent.IsTransient, ((DistAttentionException)received).IsTransient);
        Assert.Equal(sent.InnerException?.GetType(), received.InnerException?.GetType());
        Assert.Equal(sent.InnerException?.Message, received.InnerException?.Message);
    }

    [Fact]
    public void NoErrorIsForgotten()
    {
        IEnumerable<Type> all = new[] { typeof(DistAttentionException).Assembly, typeof(MessageTooLargeException).Assembly }
            .SelectMany(static a => a.GetExportedTypes())
            .Where(static t => t.IsSubclassOf(typeof(DistAttentionException)) && !t.IsAbstract);
        Assert.Equal(all.Select(static t => t.Name).Order(), _errors.Select(static e => e.GetType().Name).Distinct().Order());
    }
}
