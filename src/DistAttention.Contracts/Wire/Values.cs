namespace DistAttention.Contracts;

/// <summary>Wire form of <see cref="OperationId"/>.</summary>
[GenerateSerializer, Immutable, Alias("DistAttention.OperationId")]
internal struct OperationIdSurrogate
{
    [Id(0)]
    public Guid Value;
}

/// <summary>Wire form of <see cref="PositionRange"/>.</summary>
[GenerateSerializer, Immutable, Alias("DistAttention.PositionRange")]
internal struct PositionRangeSurrogate
{
    [Id(0)]
    public long Start;

    [Id(1)]
    public long End;
}

/// <summary>Wire form of <see cref="SequenceSnapshot"/>.</summary>
[GenerateSerializer, Immutable, Alias("DistAttention.SequenceSnapshot")]
internal struct SequenceSnapshotSurrogate
{
    [Id(0)]
    public long Epoch;

    [Id(1)]
    public long Length;
}

/// <summary>Wire form of <see cref="AppendResult"/>.</summary>
[GenerateSerializer, Immutable, Alias("DistAttention.AppendResult")]
internal struct AppendResultSurrogate
{
    [Id(0)]
    public long FirstPosition;

    [Id(1)]
    public long Count;

    [Id(2)]
    public SequenceSnapshot Snapshot;
}

/// <summary>Wire form of <see cref="AttentionActuals"/>: per step the time, in ticks of 100 ns, and the bytes.</summary>
[GenerateSerializer, Immutable, Alias("DistAttention.AttentionActuals")]
internal struct AttentionActualsSurrogate
{
    [Id(0)]
    public long[] Steps;
}

[RegisterConverter]
internal sealed class AttentionActualsConverter : IConverter<AttentionActuals, AttentionActualsSurrogate>
{
    private static readonly PlanStepKind[] _kinds = Enum.GetValues<PlanStepKind>();

    public AttentionActuals ConvertFromSurrogate(in AttentionActualsSurrogate surrogate)
    {
        long[] steps = surrogate.Steps ?? [];
        return new AttentionActuals(Step(steps, 0).Time, Step(steps, 1), Step(steps, 2), Step(steps, 3).Time);
    }

    public AttentionActualsSurrogate ConvertToSurrogate(in AttentionActuals value)
    {
        AttentionActuals actuals = value;
        return new() { Steps = [.. _kinds.SelectMany(kind => new[] { actuals.Of(kind).Time.Ticks, actuals.Of(kind).Bytes })] };
    }

    private static StepActual Step(long[] steps, int index) =>
        steps.Length < (2 * index) + 2 ? default : new(TimeSpan.FromTicks(steps[2 * index]), steps[(2 * index) + 1]);
}

[RegisterConverter]
internal sealed class OperationIdConverter : IConverter<OperationId, OperationIdSurrogate>
{
    public OperationId ConvertFromSurrogate(in OperationIdSurrogate surrogate) => new(surrogate.Value);

    public OperationIdSurrogate ConvertToSurrogate(in OperationId value) => new() { Value = value.Value };
}

[RegisterConverter]
internal sealed class PositionRangeConverter : IConverter<PositionRange, PositionRangeSurrogate>
{
    public PositionRange ConvertFromSurrogate(in PositionRangeSurrogate surrogate) => new(surrogate.Start, surrogate.End);

    public PositionRangeSurrogate ConvertToSurrogate(in PositionRange value) => new() { Start = value.Start, End = value.End };
}

[RegisterConverter]
internal sealed class SequenceSnapshotConverter : IConverter<SequenceSnapshot, SequenceSnapshotSurrogate>
{
    public SequenceSnapshot ConvertFromSurrogate(in SequenceSnapshotSurrogate surrogate) => new(surrogate.Epoch, surrogate.Length);

    public SequenceSnapshotSurrogate ConvertToSurrogate(in SequenceSnapshot value) => new() { Epoch = value.Epoch, Length = value.Length };
}

[RegisterConverter]
internal sealed class AppendResultConverter : IConverter<AppendResult, AppendResultSurrogate>
{
    public AppendResult ConvertFromSurrogate(in AppendResultSurrogate surrogate) => new(surrogate.FirstPosition, surrogate.Count, surrogate.Snapshot);

    public AppendResultSurrogate ConvertToSurrogate(in AppendResult value) =>
        new() { FirstPosition = value.FirstPosition, Count = value.Count, Snapshot = value.Snapshot };
}
