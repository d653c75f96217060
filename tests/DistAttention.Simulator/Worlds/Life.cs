namespace DistAttention.Simulator.Worlds;

/// <summary>Whether a process runs. What a dead one still has under way ends at its next step outside itself.</summary>
internal sealed class Life(World world)
{
    private long _pausedUntil;

    public bool Dead { get; private set; }

    public bool Paused => world.Now < _pausedUntil;

    public void End() => Dead = true;

    public void PauseFor(long ticks) => _pausedUntil = world.Now + ticks;

    public void ThrowIfDead()
    {
        if (Dead)
        {
            throw new ProcessEndedException();
        }
    }

    /// <summary>Goes on when the process does.</summary>
    public async ValueTask StepAsync()
    {
        ThrowIfDead();
        while (Paused)
        {
            await world.DelayAsync(_pausedUntil - world.Now).ConfigureAwait(false);
            ThrowIfDead();
        }
    }
}

/// <summary>Unwinds what a dead process still has under way. Nobody outside sees it.</summary>
internal sealed class ProcessEndedException() : Exception("The process has ended.");
