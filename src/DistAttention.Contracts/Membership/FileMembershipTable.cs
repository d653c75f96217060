using System.Globalization;
using Microsoft.Extensions.Options;
using Orleans;
using Orleans.Runtime;

namespace DistAttention.Contracts.Membership;

/// <summary>
/// The members of a cluster in a file of a shared folder: no silo is special, so any may be killed. Changes are by compare-and-swap
/// on the version of the table.
/// </summary>
/// <param name="options">The folder.</param>
public sealed class FileMembershipTable(IOptions<FileMembershipOptions> options) : IMembershipTable
{
    private readonly MembershipFile _file = new(options.Value.Folder);

    /// <summary>Makes the folder and an empty file if there are none.</summary>
    /// <param name="tryInitTableVersion">Whether to.</param>
    public Task InitializeMembershipTable(bool tryInitTableVersion) =>
        tryInitTableVersion
            ? _file.UpdateAsync(static now => now.Version == 0 ? now with { Version = 1 } : null)
            : Task.CompletedTask;

    /// <inheritdoc/>
    public Task<MembershipTableData> ReadAll() => Task.Run(() => DataOf(_file.Read(), static _ => true));

    /// <inheritdoc/>
    public Task<MembershipTableData> ReadRow(SiloAddress key)
    {
        string address = key.ToParsableString();
        return Task.Run(() => DataOf(_file.Read(), row => row.Address == address));
    }

    /// <inheritdoc/>
    public Task<bool> InsertRow(MembershipEntry entry, TableVersion tableVersion)
    {
        string address = entry.SiloAddress.ToParsableString();
        return _file.UpdateAsync(now =>
            !IsAt(now, tableVersion) || now.Silos.Any(row => row.Address == address)
                ? null
                : new MembershipFileContent(now.Version + 1, [.. now.Silos, MembershipRow.Of(entry, now.Version + 1)]));
    }

    /// <inheritdoc/>
    public Task<bool> UpdateRow(MembershipEntry entry, string etag, TableVersion tableVersion)
    {
        string address = entry.SiloAddress.ToParsableString();
        return _file.UpdateAsync(now =>
            !IsAt(now, tableVersion) || !now.Silos.Any(row => row.Address == address && row.ETag == etag)
                ? null
                : new MembershipFileContent(
                    now.Version + 1,
                    [.. now.Silos.Select(row => row.Address == address ? MembershipRow.Of(entry, now.Version + 1) : row)]));
    }

    /// <summary>Sets only the time, at whatever version and etag; both stay.</summary>
    /// <param name="entry">The silo and the time.</param>
    public Task UpdateIAmAlive(MembershipEntry entry)
    {
        string address = entry.SiloAddress.ToParsableString();
        DateTime time = MembershipRow.Utc(entry.IAmAliveTime);
        return _file.UpdateAsync(now =>
            now with { Silos = [.. now.Silos.Select(row => row.Address == address ? row with { AliveTime = time } : row)] });
    }

    /// <summary>Forgets silos that are not active and gave no sign of life since.</summary>
    /// <param name="beforeDate">Since when.</param>
    public Task CleanupDefunctSiloEntries(DateTimeOffset beforeDate) =>
        _file.UpdateAsync(now =>
        {
            MembershipRow[] kept = [.. now.Silos.Where(row => row.Status == SiloStatus.Active || row.LastSeen >= beforeDate.UtcDateTime)];
            return kept.Length == now.Silos.Count ? null : new MembershipFileContent(now.Version + 1, kept);
        });

    /// <summary>Forgets every silo. The version goes on, so that nothing read before can be written after.</summary>
    /// <param name="clusterId">The cluster, of which this folder holds one.</param>
    public Task DeleteMembershipTableEntries(string clusterId) =>
        _file.UpdateAsync(static now => new MembershipFileContent(now.Version + 1, []));

    private static bool IsAt(MembershipFileContent now, TableVersion version) => VersionOf(now).VersionEtag == version.VersionEtag;

    private static MembershipTableData DataOf(MembershipFileContent content, Func<MembershipRow, bool> wanted) =>
        new([.. content.Silos.Where(wanted).Select(static row => Tuple.Create(row.ToEntry(), row.ETag))], VersionOf(content));

    private static TableVersion VersionOf(MembershipFileContent content) =>
        new(content.Version, content.Version.ToString(CultureInfo.InvariantCulture));
}
