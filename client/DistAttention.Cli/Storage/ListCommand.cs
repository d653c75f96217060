using System.CommandLine;
using System.Globalization;
using System.Runtime.CompilerServices;
using System.Text.Json.Nodes;
using DistAttention.Cli.Arguments;
using DistAttention.Cli.Output;
using DistAttention.Cli.Shell;
using DistAttention.Engine.Ledger;
using DistAttention.Kernels;
using DistAttention.Storage;
using Spectre.Console;

namespace DistAttention.Cli.Storage;

/// <summary><c>distattn list</c>: the sequences of a storage.</summary>
internal static class ListCommand
{
    public static Verb Create(CliConsole console)
    {
        StorageArgument storage = new();
        Option<string?> prefix = Parsed.Option<string?>("--prefix", "TEXT", "Only names that start with this.", static text => text);
        Option<bool> json = new("--json") { Description = "The same as JSON on stdout." };
        Verb verb = new("list", "The sequences of a storage: name, positions, shape and bytes.", new Example("all of a book", "distattn list --storage /var/lib/distattn --prefix book/"));
        storage.AddTo(verb);
        verb.Add(prefix);
        verb.Add(json);
        verb.SetAction(async (parsed, cancellationToken) =>
        {
            DurableStorage opened = await storage.OpenAsync(parsed, create: false, cancellationToken).ConfigureAwait(false);
            await using ConfiguredAsyncDisposable ending = opened.ConfigureAwait(false);
            List<LedgerRecord> found = await opened.Ledgers.ListAsync(parsed.GetValue(prefix) ?? "", cancellationToken).Where(static r => !r.IsExpired(TimeProvider.System)).ToListAsync(cancellationToken).ConfigureAwait(false);
            if (parsed.GetValue(json))
            {
                console.WriteJson(ToJson(found));
            }
            else if (found.Count > 0)
            {
                Write(console.Out, found, TimeProvider.System.GetUtcNow());
            }
            else
            {
                console.Note("no sequences");
            }

            return ExitCode.Ok;
        });
        return verb;
    }

    /// <summary>Bytes of a sequence's rows as they are stored; rows shared with others are counted for each.</summary>
    private static long BytesOf(LedgerRecord record) => KvRows.ByteLength(KvLayout.Of(record.Spec), 1) * record.Length;

    private static void Write(IAnsiConsole to, IReadOnlyList<LedgerRecord> found, DateTimeOffset now)
    {
        Table table = new Table().Border(TableBorder.None);
        table.AddColumn(new TableColumn("sequence").PadLeft(0));
        foreach (string title in (string[])["positions", "heads", "size", "bytes"])
        {
            table.AddColumn(new TableColumn(title).NoWrap().PadLeft(0).RightAligned());
        }

        table.AddColumn(new TableColumn("type").NoWrap().PadLeft(0));
        bool somePass = found.Any(static r => r.ExpiresAt is not null);
        if (somePass)
        {
            table.AddColumn(new TableColumn("gone in").NoWrap().PadLeft(0));
        }

        foreach (LedgerRecord record in found)
        {
            SequenceSpec spec = record.Spec;
            Text[] cells =
            [
                new Text(record.Id.Value),
                new Text(record.Length.ToString("N0", CultureInfo.InvariantCulture)),
                new Text(spec.NumHeadsQ == spec.NumHeadsKv ? $"{spec.NumHeadsKv}" : $"{spec.NumHeadsQ} over {spec.NumHeadsKv}"),
                new Text(spec.HeadDim == spec.HeadDimV ? $"{spec.HeadDim}" : $"{spec.HeadDim}/{spec.HeadDimV}"),
                new Text(Units.Bytes(BytesOf(record))),
                new Text(KvTypes.Name(spec.KvType)),
                new Text(record.ExpiresAt is { } end ? $"{Units.Duration(end - now)} of {TimeText.Of(spec.TimeToLive!.Value)}" : ""),
            ];
            table.AddRow(somePass ? cells : cells[..^1]);
        }

        to.Write(table);
    }

    private static JsonObject ToJson(IReadOnlyList<LedgerRecord> found) => new()
    {
        ["sequences"] = new JsonArray([.. found.Select(static r => (JsonNode)new JsonObject
        {
            ["name"] = r.Id.Value,
            ["positions"] = r.Length,
            ["epoch"] = r.Epoch,
            ["numHeadsQ"] = r.Spec.NumHeadsQ,
            ["numHeadsKv"] = r.Spec.NumHeadsKv,
            ["headDim"] = r.Spec.HeadDim,
            ["headDimV"] = r.Spec.HeadDimV,
            ["kvType"] = KvTypes.Name(r.Spec.KvType),
            ["shardLength"] = r.Spec.ShardLength,
            ["bytes"] = BytesOf(r),
            ["timeToLiveSeconds"] = r.Spec.TimeToLive?.TotalSeconds,
            ["expiresAt"] = r.ExpiresAt?.ToString("O", CultureInfo.InvariantCulture),
        })]),
    };
}
