namespace DistAttention.Cli.Connecting;

/// <summary>Sequences that live as long as a verb.</summary>
internal static class Sequences
{
    private static readonly TimeSpan _patience = TimeSpan.FromSeconds(2);

    /// <summary>Deletes one from a cluster that outlives the verb. Whatever prevents it, the verb's own ending is what the user should see.</summary>
    public static async Task DeleteQuietlyAsync(IAttentionClient client, SequenceId id)
    {
        using CancellationTokenSource patience = new(_patience);
        try
        {
            await client.DeleteSequenceAsync(id, patience.Token).WaitAsync(_patience).ConfigureAwait(false);
        }
        catch (Exception error) when (error is DistAttentionException or OperationCanceledException or TimeoutException)
        {
            // gone already, or out of reach
        }
    }
}
