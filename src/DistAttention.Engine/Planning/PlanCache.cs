using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using DistAttention.Engine.Ledger;
using DistAttention.Engine.Shards;
using DistAttention.Kernels;

namespace DistAttention.Engine.Planning;

/// <summary>
/// Plans of query tiles made lately. Calls repeat them: layers of one model have sequences of one shape, steps ask again
/// and again. What a mask hides is kept by (mask, shape of the snapshot, row range), whatever sequence it is for; which owner
/// does what besides by the sequence's own shards. Masks count as equal only if they are the same object, so that looking one
/// up costs nothing however large it is, and are not kept alive. Safe to use from many threads.
/// </summary>
public sealed class PlanCache
{
    private const int Places = 128;

    private readonly PlacedPlan?[] _plans = new PlacedPlan?[Places];
    private readonly PlacedSurvey?[] _surveys = new PlacedSurvey?[Places];

    /// <summary>The plan of a tile.</summary>
    /// <param name="snapshot">What it is computed against.</param>
    /// <param name="mask">The mask, as the caller gave it.</param>
    /// <param name="compiled">The same, compiled.</param>
    /// <param name="queries">Positions of the tile's rows.</param>
    /// <param name="rowsPerPlan">Rows for which blocks count once; 0 for all.</param>
    public TilePlan Get(LedgerSnapshot snapshot, AttentionMask mask, CompiledMask compiled, PositionRange queries, int rowsPerPlan = 0)
    {
        SurveyKey key = new(RuntimeHelpers.GetHashCode(mask), snapshot.Spec.ShardLength, snapshot.State.Length, queries, rowsPerPlan);
        object shards = MemoryMarshal.TryGetArray(snapshot.Shards, out ArraySegment<ShardEntry> segment) ? segment.Array! : snapshot;
        ref PlacedPlan? place = ref _plans[Place(HashCode.Combine(key, RuntimeHelpers.GetHashCode(shards)))];
        PlacedPlan? found = Volatile.Read(ref place);
        if (found is null || found.Key != key || !found.IsOf(mask, shards))
        {
            found = new PlacedPlan(key, mask, shards, TilePlan.Make(snapshot, Survey(key, mask, compiled)));
            Volatile.Write(ref place, found);
        }

        return found.Plan;
    }

    private TileSurvey Survey(SurveyKey key, AttentionMask mask, CompiledMask compiled)
    {
        ref PlacedSurvey? place = ref _surveys[Place(key.GetHashCode())];
        PlacedSurvey? found = Volatile.Read(ref place);
        if (found is null || found.Key != key || !found.IsOf(mask))
        {
            found = new PlacedSurvey(key, mask, TileSurvey.Make(compiled, key.ShardLength, key.Length, key.Queries, key.RowsPerPlan));
            Volatile.Write(ref place, found);
        }

        return found.Survey;
    }

    private static int Place(int hash) => hash & (Places - 1);

    private readonly record struct SurveyKey(int MaskHash, int ShardLength, long Length, PositionRange Queries, int RowsPerPlan);

    private sealed class PlacedSurvey(SurveyKey key, AttentionMask mask, TileSurvey survey)
    {
        private readonly WeakReference<AttentionMask> _mask = new(mask);

        public SurveyKey Key => key;

        public TileSurvey Survey => survey;

        public bool IsOf(AttentionMask other) => _mask.TryGetTarget(out AttentionMask? kept) && ReferenceEquals(kept, other);
    }

    private sealed class PlacedPlan(SurveyKey key, AttentionMask mask, object shards, TilePlan plan)
    {
        private readonly WeakReference<AttentionMask> _mask = new(mask);
        private readonly WeakReference<object> _shards = new(shards);

        public SurveyKey Key => key;

        public TilePlan Plan => plan;

        public bool IsOf(AttentionMask other, object otherShards) =>
            _mask.TryGetTarget(out AttentionMask? kept) && ReferenceEquals(kept, other)
            && _shards.TryGetTarget(out object? keptShards) && ReferenceEquals(keptShards, otherShards);
    }
}
