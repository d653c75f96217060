using System.Net;
using DistAttention.Chaos.Load;
using DistAttention.Client;
using DistAttention.Engine;

namespace DistAttention.Chaos.Hosts;

/// <summary>The callers, in a process that runs on a host of its own: they append and ask until the process that started them says enough.</summary>
internal static class HostLoad
{
    private const int Sequences = 3;

    private static readonly SequenceSpec _spec = new() { NumHeadsQ = 4, NumHeadsKv = 2, HeadDim = 16, ShardLength = 1024, ExpectedLength = 12_000 };
    private static readonly TimeSpan _pace = TimeSpan.FromMilliseconds(40);

    /// <summary>Runs until its input ends or has a line, then looks at everything at rest.</summary>
    /// <param name="gateways">Gateways of silos.</param>
    /// <param name="input">Says when it is enough.</param>
    /// <param name="output">Gets a <see cref="LoadEvent"/> per line.</param>
    public static async Task RunAsync(IEnumerable<string> gateways, TextReader input, TextWriter output)
    {
        DistAttentionClientOptions options = new() { ConnectTimeout = TimeSpan.FromSeconds(60), RetryTime = TimeSpan.FromSeconds(20) };
        foreach (string gateway in gateways)
        {
            options.Gateways.Add(IPEndPoint.Parse(gateway));
        }

        using CancellationTokenSource enough = new();
        DistAttentionClient client = await DistAttentionClient.ConnectAsync(options).ConfigureAwait(false);
        await using (client.ConfigureAwait(false))
        {
            EmbeddedAttention embedded = new(new EmbeddedOptions { ComputeThreads = 1 });
            await using (embedded.ConfigureAwait(false))
            {
                List<(IAttentionSequence Sequence, ModelSequence Model)> sequences = [];
                List<Task> load = [];
                for (int i = 0; i < Sequences; i++)
                {
                    string name = $"hosts/{i}";
                    ModelSequence model = new(await embedded.CreateSequenceAsync(name, _spec).ConfigureAwait(false), 77 + (ulong)i);
                    IAttentionSequence sequence = await client.CreateSequenceAsync(name, _spec).ConfigureAwait(false);
                    sequences.Add((sequence, model));
                    Writer writer = new(sequence, model, new LoadLines(output, $"append/{i}"), _pace);
                    Reader reader = new(sequence, model, new LoadLines(output, $"ask/{i}"), 177 + (ulong)i, _pace);
                    load.Add(Task.Run(() => writer.RunAsync(0, 1, enough.Token, CancellationToken.None)));
                    load.Add(Task.Run(() => reader.RunAsync(enough.Token, CancellationToken.None)));
                }

                LoadLines all = new(output, "all");
                all.Say(LoadEventKind.Ready);
                await input.ReadLineAsync().ConfigureAwait(false);
                await enough.CancelAsync().ConfigureAwait(false);
                await Task.WhenAll(load).ConfigureAwait(false);
                foreach ((IAttentionSequence sequence, ModelSequence model) in sequences)
                {
                    await RestCheck.RunAsync(sequence, model, new LoadLines(output, "at rest"), 277, CancellationToken.None).ConfigureAwait(false);
                    model.Dispose();
                }

                all.Say(LoadEventKind.Checked);
            }
        }
    }
}
