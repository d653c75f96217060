using DistAttention.Contracts;
using DistAttention.Fuzz.Targets.Logs;
using DistAttention.Testing;

namespace DistAttention.Fuzz.Targets.Wire;

/// <summary>
/// Whole calls and answers as Orleans reads them. What Orleans finds wrong it says in errors of its own, and drops the message; what is asked
/// of a call that was read is asked of its masks, scores and tensors.
/// </summary>
internal sealed class CallTarget : FuzzTarget
{
    private static readonly Packed<SequenceSpec> _spec = Packed.Of(new SequenceSpec { NumHeadsQ = 2, NumHeadsKv = 1, HeadDim = 4 });
    private static readonly SequenceHandle _handle = new("book/1", SeededGuids.Make(1), _spec);

    private readonly Mutator _mutator;

    public CallTarget()
    {
        float[] values = new SeededData(8).Normal(24);
        ShardRef shard = new(SeededGuids.Make(2), 3, 4);
        AttendTerms terms = AttendTerms.Of(new AttendOptions { Mask = AttentionMask.Causal & AttentionMask.SlidingWindow(7, 8) });
        AttendCall attend = new()
        {
            CallId = SeededGuids.Make(3),
            Sequence = _handle,
            Terms = terms,
            Pinned = new SequenceSnapshot(3, 4),
            TotalRows = 3,
            FirstRow = 0,
            Rows = 3,
            Q = new TensorPayload(values, 3, 2, 4),
            TimeLeft = TimeSpan.FromSeconds(5),
        };
        TileCall tile = new()
        {
            CallId = SeededGuids.Make(5),
            Spec = _spec,
            Snapshot = new SequenceSnapshot(3, 4),
            Q = new TensorPayload(values, 3, 2, 4),
            Rows = 3,
            FirstQueryPosition = 9,
            Mask = terms.Mask,
            Score = terms.Score,
            Shards = [new WireSlice(shard, 5)],
            Nodes = [new WireNode(0, 1), new WireNode(2, 3)],
        };
        object[] messages =
        [
            attend,
            new BatchCall(SeededGuids.Make(4), [attend, attend]),
            tile,
            new TileReply { Nodes = [new WireNode(0, 1)], Partials = [new TensorPayload(values, 24)], PositionsCounted = 5, NotHere = [shard] },
            new AppendCall
            {
                Sequence = _handle,
                Operation = new OperationId(SeededGuids.Make(6)),
                ExpectedPosition = 5,
                Count = 3,
                K = new TensorPayload(values.AsMemory(0, 12), 3, 1, 4),
                V = new TensorPayload(values.AsMemory(12), 3, 1, 4),
                CallId = SeededGuids.Make(7),
            },
            new WriteCall
            {
                Name = "book/1",
                Spec = _spec,
                Fence = 7,
                Operation = new OperationId(SeededGuids.Make(6)),
                FirstIdx = 5,
                Count = 3,
                CommittedRows = 5,
                K = new TensorPayload(values.AsMemory(0, 12), 3, 1, 4),
                V = new TensorPayload(values.AsMemory(12), 3, 1, 4),
                CallId = SeededGuids.Make(8),
            },
            new TileMassCall { Tile = tile, MaxLog2 = new TensorPayload(values.AsMemory(0, 6), 3, 2), Sum = new TensorPayload(values.AsMemory(6, 6), 3, 2), TopK = 3, Bins = 4 },
        ];
        _mutator = new Mutator([.. messages.Select(static m => WireFormat.Serializer.SerializeToArray<object>(m))], PackedTarget.Words, longestPiece: 60);
    }

    public override byte[] Make(Random chance) => _mutator.Make(chance);

    public override void Read(byte[] input)
    {
        switch (Deserialize(input))
        {
            case AttendCall call:
                Use(call);
                break;
            case BatchCall batch:
                batch.Require();
                foreach (AttendCall call in batch.Calls)
                {
                    Use(call);
                }

                break;
            case AppendCall append:
                append.Require();
                _ = append.K.Floats("k", append.Count, 1, 4);
                break;
            case WriteCall write:
                write.Require();
                _ = write.K.Floats("k", write.Count, 1, 4);
                break;
            case TileCall tile:
                tile.Require();
                _ = tile.Spec.Value;
                MaskChecks.Ask(tile.Mask.Value);
                _ = tile.Score.Value;
                break;
            case TileMassCall mass:
                mass.Require();
                break;
        }
    }

    public override bool IsRefusal(Exception error) => error is FramingException || base.IsRefusal(error);

    private static object? Deserialize(byte[] input)
    {
        try
        {
            return WireFormat.Serializer.Deserialize<object>(input);
        }
        catch (Exception e) when (e is not (DistAttentionException or OutOfMemoryException))
        {
            throw new FramingException(e);
        }
    }

    private static void Use(AttendCall call)
    {
        call.Require();
        SequenceSpec spec = call.Sequence.Spec.Value;
        MaskChecks.Ask(call.Terms.Mask.Value);
        call.Terms.ToOptions().ValidateFor(spec);
        _ = call.Q.Floats("q", call.Rows, spec.NumHeadsQ, spec.HeadDim);
    }

    /// <summary>The frame around what this project writes is wrong, which Orleans finds.</summary>
    private sealed class FramingException(Exception inner) : Exception(inner.Message, inner);
}
