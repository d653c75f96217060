namespace DistAttention.Simulator.Networks;

/// <summary>A call was not answered in time, or could not be made; it may have been carried out or not.</summary>
internal sealed class CallLostException(string to) : DistAttentionException($"{to} does not answer.")
{
    public override bool IsTransient => true;
}
