namespace DistAttention.Chaos.Load;

/// <summary>Looks at everything that was ever acknowledged, once nothing goes on any more.</summary>
internal static class RestCheck
{
    private const int Queries = 5;

    public static async Task RunAsync(IAttentionSequence sequence, ModelSequence model, ILoadReport report, ulong seed, CancellationToken cancellationToken)
    {
        SequenceInfo info = await sequence.GetInfoAsync(cancellationToken).ConfigureAwait(false);
        if (info.Length < model.Known)
        {
            report.LostRows(model.Known - info.Length, $"{model.Name}: {model.Known} positions were acknowledged, {info.Length} are there");
        }
        else if (info.Length > model.Known)
        {
            report.WrongAnswer($"{model.Name}: {info.Length} positions are there, {model.Known} were acknowledged");
        }

        Reader reader = new(sequence, model, report, seed);
        for (int i = 0; i < Queries; i++)
        {
            await reader.AskAsync(Math.Min(info.Length, model.Known), 3, cancellationToken).ConfigureAwait(false);
        }
    }
}
