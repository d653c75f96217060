using System.Diagnostics;
using DistAttention.Cli.Connecting;
using DistAttention.Cli.Demo.Asking;
using DistAttention.Cli.Demo.Checking;
using DistAttention.Cli.Demo.Documents;
using DistAttention.Cli.Demo.Encoding;
using DistAttention.Cli.Output;

namespace DistAttention.Cli.Demo.Running;

/// <summary>The demo from the first file to the last answer: read, encode, append, attend, check, ask.</summary>
internal static class DemoRun
{
    /// <param name="settings">What to do.</param>
    /// <param name="documents">The texts.</param>
    /// <param name="host">Who computes.</param>
    /// <param name="steps">Told how far it is.</param>
    /// <param name="cancellationToken">Stops it.</param>
    public static async Task<DemoReport> RunAsync(
        DemoSettings settings, IReadOnlyList<Document> documents, IAttentionHost host, ProgressSteps steps, CancellationToken cancellationToken)
    {
        long started = Stopwatch.GetTimestamp();
        Corpus corpus = new(documents, settings.TokenCount);
        cancellationToken.ThrowIfCancellationRequested();
        Lexicon lexicon = new(corpus);
        TextEncoder encoder = new(corpus, lexicon);

        int shardLength = settings.ShardLength ?? ShardLengthFor(corpus.PositionCount, host.SiloCount);
        SequenceId name = $"demo/{Guid.NewGuid():N}"; // a cluster may be demonstrated by others too
        try
        {
            EncodedSequence text = await EncodedSequence.AppendAsync(host.Client, name, encoder, shardLength, steps, cancellationToken).ConfigureAwait(false);
            SelfAttentionResult selfAttention = await SelfAttention.RunAsync(text, steps, cancellationToken).ConfigureAwait(false);
            CheckResult check = SampleCheck.Run(encoder, selfAttention.Sample, host.Threads, steps, cancellationToken);

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
                Threads = host.Threads,
                Workers = host.Workers,
                Owners = await host.SharesAsync(text.Sequence, cancellationToken).ConfigureAwait(false),
                ShardLength = shardLength,
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
        finally
        {
            await Sequences.DeleteQuietlyAsync(host.Client, name).ConfigureAwait(false);
        }
    }

    /// <summary>The usual length, or a shorter one, so that there are a few shards for each silo.</summary>
    private static int ShardLengthFor(long length, int silos)
    {
        const int usual = 16_384, perSilo = 4;
        int shardLength = usual;
        while (silos > 1 && shardLength > SequenceFormat.RunLength && length < (long)shardLength * silos * perSilo)
        {
            shardLength /= 2;
        }

        return shardLength;
    }
}
