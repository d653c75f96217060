using DistAttention.Contracts.Membership;
using Orleans;
using Orleans.Runtime;

namespace DistAttention.Silo.Tests.Membership;

/// <summary>A process of its own that counts in its row of the table, and says each count that was accepted, until it is killed.</summary>
internal static class MembershipWriter
{
    public static async Task<int> RunAsync(string folder, int id)
    {
        FileMembershipTable table = Entries.Table(folder);
        MembershipEntry entry = Entries.Entry(id);
        while (true)
        {
            MembershipTableData now = await table.ReadAll();
            Tuple<MembershipEntry, string>? row = now.TryGet(entry.SiloAddress);
            entry.ProxyPort = (row?.Item1.ProxyPort ?? 0) + 1;
            bool accepted = row is null
                ? await table.InsertRow(entry, now.Version.Next())
                : await table.UpdateRow(entry, row.Item2, now.Version.Next());
            if (accepted)
            {
                Console.WriteLine(entry.ProxyPort);
            }
        }
    }
}
