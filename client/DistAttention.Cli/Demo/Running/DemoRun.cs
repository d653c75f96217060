using System.Diagnostics;
using DistAttention.Cli.Demo.Asking;
using DistAttention.Cli.Demo.Checking;
using DistAttention.Cli.Demo.Documents;
using DistAttention.Cli.Demo.Encoding;
using DistAttention.Cli.Output;
using DistAttention.Engine;

namespace DistAttention.Cli.Demo.Running;

/// <summary>The demo from the first file to the last answer: read, encode, append, attend, check, ask.</summary>
internal static class DemoRun
{
    /// <param name="settings">What to do.</param>
    /// <param name="documents">The texts.</param>
    /// <param name="steps">Told how far it is.</param>
    /// <param name="cancellationToken">Stops it.</param>
    public static async Task<DemoReport> RunAsync(DemoSettings settings, IReadOnlyList<Document> documents, ProgressSteps steps, CancellationToken cancellationToken)
    {
        long started = Stopwatch.GetTimestamp();
        Corpus corpus = new(documents, settings.TokenCount);
        cancellationToken.ThrowIfCancellationRequested();
        Lexicon lexicon = new(corpus);
        TextEncoder encoder = new(corpus, lexicon);

        int threads = settings.Threads ?? Environment.ProcessorCount;
        EmbeddedAttention client = new(new EmbeddedOptions { ComputeThreads = threads });
        await using (client.ConfigureAwait(false))
        {
            EncodedSequence text = await EncodedSequence.AppendAsync(client, encoder, settings.ShardLength, steps, cancellationToken).ConfigureAwait(false);
            SelfAttentionResult selfAttention = await SelfAttention.RunAsync(text, steps, cancellationToken).ConfigureAwait(false);
            CheckResult check = SampleCheck.Run(encoder, selfAttention.Sample, threads, steps, cancellationToken);

            long askStarted = Stopwatch.GetTimestamp();
            List<Answer> answers = [];
            if (settings.Questions.Count > 0)
            {
                Asker asker = new(corpus, lexicon, text);
                ProgressStep step = steps.Start("ask", settings.Questions.Count, "questions");
                foreach (string question in settings.Questions)
                {
                    answers.Add(await asker.AskAsync(question, cancellationToken).ConfigureAwait(false));
                    step.Report(answers.Count);
                }
            }

            TimeSpan askTime = Stopwatch.GetElapsedTime(askStarted);
            Overview? overview = settings.WithOverview ? await Overview.RunAsync(text, steps, cancellationToken).ConfigureAwait(false) : null;
            using Process process = Process.GetCurrentProcess();
            return new DemoReport
            {
                Corpus = corpus,
                Lexicon = lexicon,
                Heads = encoder.Heads,
                HeadDim = encoder.HeadDim,
                Threads = threads,
                ShardLength = settings.ShardLength,
                AppendTime = text.AppendTime,
                SelfAttention = selfAttention,
                Check = check,
                Answers = answers,
                AskTime = askTime,
                Overview = overview,
                TotalTime = Stopwatch.GetElapsedTime(started),
                PeakBytes = process.PeakWorkingSet64,
            };
        }
    }
}
