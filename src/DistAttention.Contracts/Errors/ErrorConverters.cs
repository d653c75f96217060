namespace DistAttention.Contracts;

/// <summary>Wire form of every error: what its constructor takes.</summary>
[GenerateSerializer, Alias("DistAttention.ErrorFields")]
internal struct ErrorFields
{
    [Id(0)]
    public string? First;

    [Id(1)]
    public string? Second;

    [Id(2)]
    public string? Third;

    [Id(3)]
    public long A;

    [Id(4)]
    public long B;

    [Id(5)]
    public long C;

    [Id(6)]
    public Guid Guid;

    [Id(7)]
    public Exception? Inner;
}

[RegisterConverter]
internal sealed class InvalidSpecConverter : IConverter<InvalidSpecException, ErrorFields>
{
    public InvalidSpecException ConvertFromSurrogate(in ErrorFields f) => new(f.First!, f.Second!);

    public ErrorFields ConvertToSurrogate(in InvalidSpecException e) => new() { First = e.Property, Second = e.Problem };
}

[RegisterConverter]
internal sealed class ShapeMismatchConverter : IConverter<ShapeMismatchException, ErrorFields>
{
    public ShapeMismatchException ConvertFromSurrogate(in ErrorFields f) => new(f.First!, f.Second!, f.Third!);

    public ErrorFields ConvertToSurrogate(in ShapeMismatchException e) => new() { First = e.Tensor, Second = e.Expected, Third = e.Actual };
}

[RegisterConverter]
internal sealed class InvalidTensorConverter : IConverter<InvalidTensorException, ErrorFields>
{
    public InvalidTensorException ConvertFromSurrogate(in ErrorFields f) => new(f.First!, f.A, (int)f.B, f.Second!);

    public ErrorFields ConvertToSurrogate(in InvalidTensorException e) => new() { First = e.Tensor, A = e.Token, B = e.Head, Second = e.Problem };
}

[RegisterConverter]
internal sealed class NumericOverflowConverter : IConverter<NumericOverflowException, ErrorFields>
{
    public NumericOverflowException ConvertFromSurrogate(in ErrorFields f) => new(f.A, (int)f.B, f.First!);

    public ErrorFields ConvertToSurrogate(in NumericOverflowException e) => new() { A = e.Row, B = e.Head, First = e.What };
}

[RegisterConverter]
internal sealed class MaskSyntaxConverter : IConverter<MaskSyntaxException, ErrorFields>
{
    public MaskSyntaxException ConvertFromSurrogate(in ErrorFields f) => new(f.First!, (int)f.A, f.Second!);

    public ErrorFields ConvertToSurrogate(in MaskSyntaxException e) => new() { First = e.Text, A = e.Position, Second = e.Problem };
}

[RegisterConverter]
internal sealed class CapacityExceededConverter : IConverter<CapacityExceededException, ErrorFields>
{
    public CapacityExceededException ConvertFromSurrogate(in ErrorFields f) => new(f.A, f.B, f.C);

    public ErrorFields ConvertToSurrogate(in CapacityExceededException e) => new() { A = e.BudgetBytes, B = e.UsedBytes, C = e.NeededBytes };
}

[RegisterConverter]
internal sealed class OverloadedConverter : IConverter<OverloadedException, ErrorFields>
{
    public OverloadedException ConvertFromSurrogate(in ErrorFields f) => new(f.First!, new TimeSpan(f.A));

    public ErrorFields ConvertToSurrogate(in OverloadedException e) => new() { First = e.What, A = e.RetryAfter.Ticks };
}

[RegisterConverter]
internal sealed class AttentionTimeoutConverter : IConverter<AttentionTimeoutException, ErrorFields>
{
    public AttentionTimeoutException ConvertFromSurrogate(in ErrorFields f) => new(new TimeSpan(f.A), f.Inner);

    public ErrorFields ConvertToSurrogate(in AttentionTimeoutException e) => new() { A = e.Timeout.Ticks, Inner = e.InnerException };
}

[RegisterConverter]
internal sealed class AccessDeniedConverter : IConverter<AccessDeniedException, ErrorFields>
{
    public AccessDeniedException ConvertFromSurrogate(in ErrorFields f) => new(f.First!);

    public ErrorFields ConvertToSurrogate(in AccessDeniedException e) => new() { First = e.Reason };
}

[RegisterConverter]
internal sealed class PartialFailureConverter : IConverter<PartialFailureException, ErrorFields>
{
    public PartialFailureException ConvertFromSurrogate(in ErrorFields f) => new((int)f.A, (int)f.B, f.Inner!);

    public ErrorFields ConvertToSurrogate(in PartialFailureException e) => new() { A = e.Total, B = e.Failed, Inner = e.InnerException };
}

[RegisterConverter]
internal sealed class SequenceNotFoundConverter : IConverter<SequenceNotFoundException, ErrorFields>
{
    public SequenceNotFoundException ConvertFromSurrogate(in ErrorFields f) => new(new SequenceId(f.First!));

    public ErrorFields ConvertToSurrogate(in SequenceNotFoundException e) => new() { First = e.Id.Value };
}

[RegisterConverter]
internal sealed class SequenceExistsConverter : IConverter<SequenceExistsException, ErrorFields>
{
    public SequenceExistsException ConvertFromSurrogate(in ErrorFields f) => new(new SequenceId(f.First!));

    public ErrorFields ConvertToSurrogate(in SequenceExistsException e) => new() { First = e.Id.Value };
}

[RegisterConverter]
internal sealed class ArithmeticVersionConverter : IConverter<ArithmeticVersionException, ErrorFields>
{
    public ArithmeticVersionException ConvertFromSurrogate(in ErrorFields f) => new((int)f.A, (int)f.B);

    public ErrorFields ConvertToSurrogate(in ArithmeticVersionException e) => new() { A = e.Stored, B = e.Supported };
}

[RegisterConverter]
internal sealed class AppendConflictConverter : IConverter<AppendConflictException, ErrorFields>
{
    public AppendConflictException ConvertFromSurrogate(in ErrorFields f) => new(f.First!);

    public ErrorFields ConvertToSurrogate(in AppendConflictException e) => new() { First = e.Message };
}

[RegisterConverter]
internal sealed class SnapshotLostConverter : IConverter<SnapshotLostException, ErrorFields>
{
    public SnapshotLostException ConvertFromSurrogate(in ErrorFields f) => new(new SequenceId(f.First!), new SequenceSnapshot(f.A, f.B));

    public ErrorFields ConvertToSurrogate(in SnapshotLostException e) => new() { First = e.Id.Value, A = e.Snapshot.Epoch, B = e.Snapshot.Length };
}

[RegisterConverter]
internal sealed class ShardLostConverter : IConverter<ShardLostException, ErrorFields>
{
    public ShardLostException ConvertFromSurrogate(in ErrorFields f) => new(new SequenceId(f.First!), new PositionRange(f.A, f.B), f.Second!, f.Inner);

    public ErrorFields ConvertToSurrogate(in ShardLostException e) => new() { First = e.Id.Value, A = e.Positions.Start, B = e.Positions.End, Second = e.Reason, Inner = e.InnerException };
}

[RegisterConverter]
internal sealed class MessageTooLargeConverter : IConverter<MessageTooLargeException, ErrorFields>
{
    public MessageTooLargeException ConvertFromSurrogate(in ErrorFields f) => new(f.First!, f.A, f.B);

    public ErrorFields ConvertToSurrogate(in MessageTooLargeException e) => new() { First = e.What, A = e.Bytes, B = e.LimitBytes };
}

[RegisterConverter]
internal sealed class ReservationGoneConverter : IConverter<ReservationGoneException, ErrorFields>
{
    public ReservationGoneException ConvertFromSurrogate(in ErrorFields f) => new(new OperationId(f.Guid));

    public ErrorFields ConvertToSurrogate(in ReservationGoneException e) => new() { Guid = e.Operation.Value };
}

[RegisterConverter]
internal sealed class CorruptPayloadConverter : IConverter<CorruptPayloadException, ErrorFields>
{
    public CorruptPayloadException ConvertFromSurrogate(in ErrorFields f) => new(f.First!);

    public ErrorFields ConvertToSurrogate(in CorruptPayloadException e) => new() { First = e.Problem };
}

[RegisterConverter]
internal sealed class SiloUnreachableConverter : IConverter<SiloUnreachableException, ErrorFields>
{
    public SiloUnreachableException ConvertFromSurrogate(in ErrorFields f) => new(f.First!, f.Second!, f.Inner);

    public ErrorFields ConvertToSurrogate(in SiloUnreachableException e) => new() { First = e.Silo, Second = e.Problem, Inner = e.InnerException };
}

/// <summary>Without its cause, which is of the disk or the database that the silo uses, and in its log.</summary>
[RegisterConverter]
internal sealed class StorageConverter : IConverter<StorageException, ErrorFields>
{
    public StorageException ConvertFromSurrogate(in ErrorFields f) => new(f.First!, f.Second!, isTransient: f.A != 0);

    public ErrorFields ConvertToSurrogate(in StorageException e) => new() { First = e.File, Second = e.Problem, A = e.IsTransient ? 1 : 0 };
}

[RegisterConverter]
internal sealed class StorageDamagedConverter : IConverter<StorageDamagedException, ErrorFields>
{
    public StorageDamagedException ConvertFromSurrogate(in ErrorFields f) => new(f.First!, f.A, new PositionRange(f.B, f.C), f.Second!);

    public ErrorFields ConvertToSurrogate(in StorageDamagedException e) =>
        new() { First = e.File, Second = e.Problem, A = e.Offset, B = e.Positions.Start, C = e.Positions.End };
}
