namespace DistAttention.Storage.Tests.Clients;

internal static class Filling
{
    public static async Task<IAttentionSequence> FillNamedAsync(this IAttentionClient client, string name, AttentionProblem problem)
    {
        IAttentionSequence sequence = await client.CreateSequenceAsync(name, problem.Spec());
        await sequence.AppendRowsAsync(problem, 0, problem.Length);
        return sequence;
    }
}
