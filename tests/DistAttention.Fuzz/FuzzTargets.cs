using DistAttention.Fuzz.Targets.Http;
using DistAttention.Fuzz.Targets.Logs;
using DistAttention.Fuzz.Targets.TensorFiles;
using DistAttention.Fuzz.Targets.Texts;

namespace DistAttention.Fuzz;

/// <summary>All targets, by name.</summary>
internal static partial class FuzzTargets
{
    /// <summary>Makes one per thread.</summary>
    public static IReadOnlyDictionary<string, Func<FuzzTarget>> All { get; } = MakeAll();

    private static SortedDictionary<string, Func<FuzzTarget>> MakeAll()
    {
        SortedDictionary<string, Func<FuzzTarget>> all = new(StringComparer.Ordinal)
        {
            ["log"] = static () => new LogTarget(),
            ["log-sealed"] = static () => new SealedLogTarget(),
            ["log-bits"] = static () => new LogBitsTarget(),
            ["ledger-entry"] = static () => new LedgerEntryTarget(),
            ["ledger-slots"] = static () => new LedgerSlotsTarget(),
            ["ledger-slots-sealed"] = static () => new SealedLedgerSlotsTarget(),
            ["ledger-row"] = static () => new LedgerRowTarget(),
            ["ledger-row-sealed"] = static () => new SealedLedgerRowTarget(),
            ["record-row"] = static () => new RecordRowTarget(),
            ["record-row-sealed"] = static () => new SealedRecordRowTarget(),
            ["shard-row"] = static () => new ShardRowTarget(),
            ["shard-row-sealed"] = static () => new SealedShardRowTarget(),
            ["npy"] = TensorFileTarget.Npy,
            ["safetensors"] = TensorFileTarget.Safetensors,
            ["http-npy"] = HttpBodyTarget.Npy,
            ["http-safetensors"] = HttpBodyTarget.Safetensors,
            ["http-messagepack"] = HttpBodyTarget.MessagePack,
            ["mask-text"] = static () => new MaskTextTarget(),
            ["score-text"] = OptionTextTarget.Score,
            ["bias-text"] = OptionTextTarget.Bias,
            ["rope-text"] = OptionTextTarget.Rope,
            ["numbers-text"] = OptionTextTarget.Numbers,
        };
        AddWireTargets(all);
        return all;
    }

    static partial void AddWireTargets(IDictionary<string, Func<FuzzTarget>> all);
}
