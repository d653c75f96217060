using Orleans;
using Orleans.Runtime;

namespace DistAttention.Silo.Tests.Membership;

/// <summary>What the laws of <see cref="IMembershipTable"/> say, in memory and in plain words.</summary>
internal sealed class ReferenceTable
{
    private readonly Dictionary<SiloAddress, (MembershipEntry Entry, int WrittenAt)> _rows = [];
    private int _version;

    public void Initialize() => _version = 1;

    public bool Insert(MembershipEntry entry, int expectedVersion)
    {
        if (expectedVersion != _version || _rows.ContainsKey(entry.SiloAddress))
        {
            return false;
        }

        _rows[entry.SiloAddress] = (entry, ++_version);
        return true;
    }

    public bool Update(MembershipEntry entry, int expectedRow, int expectedVersion)
    {
        if (expectedVersion != _version || !_rows.TryGetValue(entry.SiloAddress, out var row) || row.WrittenAt != expectedRow)
        {
            return false;
        }

        _rows[entry.SiloAddress] = (entry, ++_version);
        return true;
    }

    public void Alive(MembershipEntry entry)
    {
        if (_rows.TryGetValue(entry.SiloAddress, out var row))
        {
            row.Entry.IAmAliveTime = entry.IAmAliveTime;
        }
    }

    public void Cleanup(DateTime before)
    {
        SiloAddress[] gone = [.. _rows.Where(row => row.Value.Entry.Status != SiloStatus.Active && row.Value.Entry.IAmAliveTime < before).Select(static row => row.Key)];
        if (gone.Length > 0)
        {
            _version++;
        }

        foreach (SiloAddress silo in gone)
        {
            _rows.Remove(silo);
        }
    }

    public string Describe() => Describe(_version, _rows.Values.Select(static row => (row.Entry, row.WrittenAt.ToString(System.Globalization.CultureInfo.InvariantCulture))));

    public static string Describe(MembershipTableData data) => Describe(data.Version.Version, data.Members.Select(static m => (m.Item1, m.Item2)));

    private static string Describe(int version, IEnumerable<(MembershipEntry Entry, string ETag)> rows) =>
        $"{version}: " + string.Join("; ", rows
            .OrderBy(static row => row.Entry.SiloAddress.Endpoint.Port)
            .Select(static row => $"{row.Entry.SiloAddress} {row.Entry.Status} {row.Entry.SiloName} {row.Entry.HostName} {row.Entry.ProxyPort} {row.Entry.StartTime:O} {row.Entry.IAmAliveTime:O} {string.Join('+', (row.Entry.SuspectTimes ?? []).Select(static s => $"{s.Item1}@{s.Item2:O}"))} #{row.ETag}"));
}
