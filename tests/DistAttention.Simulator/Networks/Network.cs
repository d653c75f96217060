using DistAttention.Simulator.Worlds;

namespace DistAttention.Simulator.Networks;

/// <summary>How a call may go wrong on its way.</summary>
internal enum Delivery
{
    /// <summary>Carried out at most once.</summary>
    Once,

    /// <summary>May be carried out again, much later: carrying it out twice is carrying it out once.</summary>
    MayRepeat,
}

/// <summary>Calls between processes: messages are delayed, overtake each other, get lost, come twice; parts of the network are cut off for a while.</summary>
internal sealed class Network(World world)
{
    private static readonly TimeSpan _patience = TimeSpan.FromSeconds(2); // between silos

    private readonly HashSet<(int, int)> _cut = [];

    /// <summary>Chance that a message gets lost.</summary>
    public double Loss { get; set; }

    /// <summary>Chance that a message comes twice.</summary>
    public double Repeats { get; set; }

    /// <summary>Chance that a message takes long.</summary>
    public double Stragglers { get; set; }

    public void Cut(int a, int b) => _cut.Add((Math.Min(a, b), Math.Max(a, b)));

    public void Heal()
    {
        _cut.Clear();
        (Loss, Repeats, Stragglers) = (0, 0, 0);
    }

    public void Mend() => _cut.Clear();

    public bool IsCut(int a, int b) => _cut.Contains((Math.Min(a, b), Math.Max(a, b)));

    /// <summary>Calls another process.</summary>
    /// <exception cref="CallLostException">No answer came.</exception>
    public async Task<T> CallAsync<T>(Place from, Place to, string what, Delivery delivery, Func<CancellationToken, Task<T>> work, CancellationToken cancellationToken, TimeSpan? patience = null)
    {
        await from.Life.StepAsync().ConfigureAwait(false);
        cancellationToken.ThrowIfCancellationRequested();
        if (from == to)
        {
            return await work(cancellationToken).ConfigureAwait(false);
        }

        world.Counters.Add("messages");
        world.Note($"{from} -> {to}: {what}");
        TaskCompletionSource<T> answer = new(TaskCreationOptions.RunContinuationsAsynchronously);
        CancellationTokenSource stop = new(); // not disposed: what it stops may outlive the call
        Event timer = world.Events.After((patience ?? _patience).Ticks, () => answer.TrySetException(new CallLostException(to.Name)));
        using CancellationTokenRegistration canceled = cancellationToken.Register(() =>
        {
            stop.Cancel();
            answer.TrySetCanceled(cancellationToken);
        });
        CancellationToken stopped = stop.Token;
        Send(from, to, () => world.Run(() => ServeAsync(from, to, what, work, answer, stopped)), () => answer.TrySetException(new CallLostException(to.Name)));
        if (delivery == Delivery.MayRepeat && world.Happens(Repeats))
        {
            world.Counters.Add("fault: message repeated");
            world.Events.After(world.Ticks(0, 3000), () => Send(from, to, () => world.Run(() => ServeAsync(from, to, what + " (again)", work, answer, CancellationToken.None)), null));
        }

        try
        {
            return await answer.Task.ConfigureAwait(false);
        }
        finally
        {
            timer.Cancel();
            await from.Life.StepAsync().ConfigureAwait(false);
        }
    }

    private void Send(Place from, Place to, Action deliver, Action? refuse)
    {
        if (world.Happens(Loss))
        {
            world.Counters.Add("fault: message lost");
            return;
        }

        world.Events.After(world.Happens(Stragglers) ? world.Ticks(10, 2500) : world.Ticks(0.05, 3), () =>
        {
            if (IsCut(from.Machine, to.Machine))
            {
                world.Counters.Add("fault: message cut off");
            }
            else if (!to.Life.Dead)
            {
                deliver();
            }
            else if (refuse is not null && world.Happens(0.7))
            {
                world.Events.After(world.Ticks(0.05, 3), refuse);
            }
        });
    }

    private async Task ServeAsync<T>(Place from, Place to, string what, Func<CancellationToken, Task<T>> work, TaskCompletionSource<T> answer, CancellationToken cancellationToken)
    {
        T result;
        try
        {
            await to.Life.StepAsync().ConfigureAwait(false);
            result = await work(cancellationToken).ConfigureAwait(false);
            await to.Life.StepAsync().ConfigureAwait(false);
        }
        catch (Exception) when (to.Life.Dead)
        {
            return;
        }
        catch (Exception e) when (e is DistAttentionException or OperationCanceledException)
        {
            if (!to.Life.Dead)
            {
                world.Note($"{from} <- {to}: {what} fails: {e.Message}");
                Send(to, from, () => answer.TrySetException(e), null);
            }

            return;
        }

        world.Note($"{from} <- {to}: {what}");
        Send(
            to,
            from,
            () =>
            {
                if (!answer.TrySetResult(result))
                {
                    (result as IDisposable)?.Dispose();
                }
            },
            null);
    }
}
