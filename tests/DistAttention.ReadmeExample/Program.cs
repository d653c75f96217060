using DistAttention;
using DistAttention.Engine;

await using IAttentionClient client = new EmbeddedAttention();
SequenceSpec spec = new() { NumHeadsQ = 8, NumHeadsKv = 2, HeadDim = 64 };
IAttentionSequence book = await client.CreateSequenceAsync("book/layer-0", spec);

Random random = new(1);
float[] Normal(int count) => [.. Enumerable.Range(0, count).Select(_ => random.NextSingle() - 0.5f)];
int tokens = 3000;
await book.AppendAsync(k: Normal(tokens * 2 * 64), v: Normal(tokens * 2 * 64));

// Self-attention of the last 100 tokens: causal, aligned to the end.
AttentionResult result = await book.AttendAsync(Normal(100 * 8 * 64), new() { Mask = AttentionMask.Causal });
Console.WriteLine($"{result.Output.Length} outputs, lse of the first row {result.Lse.Span[0]:F3}");

// A decode step: append one token and attend over everything up to it.
AttentionResult step = await book.AppendAndAttendAsync(Normal(2 * 64), Normal(2 * 64), Normal(8 * 64));
Console.WriteLine($"{step.Summary.Snapshot.Length} positions, {step.Summary.BlocksComputed} blocks computed");
