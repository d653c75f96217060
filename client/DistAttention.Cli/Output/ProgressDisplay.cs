using System.Collections.Concurrent;
using Spectre.Console;
using Spectre.Console.Rendering;

namespace DistAttention.Cli.Output;

/// <summary>
/// Shows the steps of long work on stderr: moving bars with rate and time left on a terminal, a plain line now and then
/// elsewhere, and nothing for work that is over at once.
/// </summary>
internal static class ProgressDisplay
{
    private static readonly TimeSpan _quietAtFirst = TimeSpan.FromMilliseconds(400);
    private static readonly TimeSpan _betweenFrames = TimeSpan.FromMilliseconds(100);
    private static readonly TimeSpan _betweenLines = TimeSpan.FromSeconds(10);

    public static async Task<T> RunAsync<T>(CliConsole console, Func<ProgressSteps, Task<T>> work)
    {
        ProgressSteps steps = new();
        Task<T> running = Task.Run(() => work(steps));
        if (!await EndsWithinAsync(running, _quietAtFirst).ConfigureAwait(false))
        {
            try
            {
                await (console.NotesAreLive && console.Notes.Profile.Capabilities.Ansi
                    ? DrawBarsAsync(console.Notes, steps, running)
                    : WriteLinesAsync(console, steps, running)).ConfigureAwait(false);
            }
            catch (IOException)
            {
                // stderr is gone, the work is not
            }
        }

        return await running.ConfigureAwait(false);
    }

    private static Task DrawBarsAsync(IAnsiConsole notes, ProgressSteps steps, Task running)
    {
        ConcurrentDictionary<int, ProgressStep> stepOfTask = [];
        Dictionary<ProgressStep, ProgressTask> drawn = [];
        return new Progress(notes) { AutoClear = true }
            .Columns(
                new TaskDescriptionColumn { Alignment = Justify.Left },
                new ProgressBarColumn { Width = Math.Clamp(notes.Profile.Width - 60, 10, 40) },
                new PercentageColumn(),
                new StepColumn(stepOfTask))
            .StartAsync(async context =>
            {
                bool ended;
                do
                {
                    ended = await EndsWithinAsync(running, _betweenFrames).ConfigureAwait(false);
                    foreach (ProgressStep step in steps.Snapshot())
                    {
                        if (!drawn.TryGetValue(step, out ProgressTask? task))
                        {
                            task = context.AddTask(Markup.Escape(step.What), maxValue: 1);
                            stepOfTask[task.Id] = step;
                            drawn.Add(step, task);
                        }

                        task.Value = step.Fraction;
                    }
                }
                while (!ended);
            });
    }

    private static async Task WriteLinesAsync(CliConsole console, ProgressSteps steps, Task running)
    {
        while (!await EndsWithinAsync(running, _betweenLines).ConfigureAwait(false))
        {
            if (steps.Snapshot().LastOrDefault() is { } step)
            {
                console.Note($"{step.What}: {step.Done:N0} of {step.Total:N0} {step.Unit} ({step.Fraction:P0}), {RateAndTimeLeft(step)}");
            }
        }
    }

    private static string RateAndTimeLeft(ProgressStep step) =>
        step.IsFinished || step.Left is not { } left
            ? $"{Units.Count(step.Rate)} {step.Unit}/s"
            : $"{Units.Count(step.Rate)} {step.Unit}/s, {Units.Duration(left)} left";

    /// <summary>Whether the work ends, well or badly, before the time has passed.</summary>
    private static async Task<bool> EndsWithinAsync(Task running, TimeSpan time) =>
        await Task.WhenAny(running, Task.Delay(time)).ConfigureAwait(false) == running;

    /// <summary>Rate and time left, from the step's own count: Spectre's estimate forgets what happened more than a few samples ago.</summary>
    private sealed class StepColumn(ConcurrentDictionary<int, ProgressStep> stepOfTask) : ProgressColumn
    {
        protected override bool NoWrap => true;

        public override IRenderable Render(RenderOptions options, ProgressTask task, TimeSpan deltaTime) =>
            new Text(stepOfTask.TryGetValue(task.Id, out ProgressStep? step) ? RateAndTimeLeft(step) : "", new Style(Color.Grey));
    }
}
