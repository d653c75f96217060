using DistAttention.Contracts.Access;

namespace DistAttention.Contracts;

/// <summary>Moves shards between silos; its key is 0: one run at a time in a cluster.</summary>
[Alias("DistAttention.IRebalanceGrain")]
public interface IRebalanceGrain : IGrainWithIntegerKey
{
    /// <summary>Begins a run and answers with its plan. Where one is under way already, a new one waits for its end first.</summary>
    /// <param name="call">What is to be done.</param>
    /// <exception cref="RebalanceRefusedException">It cannot be done.</exception>
    [ClientCall(Rights.Admin)]
    [Alias("Start")]
    Task<RebalanceView> StartAsync(RebalanceCall call);

    /// <summary>How a run stands, without its moves; null if it is not known here (any more).</summary>
    /// <param name="run">The run.</param>
    [ClientCall(Rights.Admin)]
    [Alias("Get")]
    Task<RebalanceView?> GetAsync(Guid run);

    /// <summary>Says that a silo has joined: after a while, it gets its share.</summary>
    /// <param name="silo">The silo.</param>
    [Alias("Joined")]
    Task JoinedAsync(string silo);
}
