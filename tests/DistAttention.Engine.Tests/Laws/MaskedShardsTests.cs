using DistAttention.Engine.Tests.Embedded;
using DistAttention.Engine.Tests.Simulation;

namespace DistAttention.Engine.Tests.Laws;

/// <summary>What a mask hides is not asked for: shards that no row of a tile sees cause no message.</summary>
public sealed class MaskedShardsTests
{
    private const int Length = 7000;

    private static readonly IReadOnlyDictionary<string, AttentionMask> _masks = MaskSamples.Primitives(Length);

    public static TheoryData<string> Masks => [.. _masks.Keys];

    [Theory]
    [MemberData(nameof(Masks))]
    public async Task HiddenShardsCauseNoMessage(string name)
    {
        AttentionProblem problem = new() { Seed = 301, Length = Length, Rows = 30, HeadDim = 4, HeadDimV = 4, Mask = _masks[name] };
        using SimulatedCluster cluster = await SimulatedCluster.FillAsync(problem, 7, static shard => shard);
        foreach (long first in (long[])[-100, 0, 3000, Length - 30, 20_000])
        {
            int before = cluster.Asked.Count;
            AttentionProblem there = problem with { FirstQueryPosition = first };
            Assert.Equal(there.KernelDigest(), (await cluster.AttendAsync(there)).Digest);
            int[] visible = [.. Enumerable.Range(0, 7).Where(shard => Sees(there, shard * 1024, Math.Min(Length, (shard + 1) * 1024)))];
            int[] asked = [.. cluster.Asked.Skip(before).SelectMany(static a => a.Request.Shards).Select(static s => s.Shard.Id.Index).Order()];
            Assert.True(visible.SequenceEqual(asked), $"{name} at {first}: shards {string.Join(' ', visible)} are visible, {string.Join(' ', asked)} were asked");
            Assert.Equal(visible.Length, cluster.Asked.Count - before); // each shard has an owner of its own
        }
    }

    private static bool Sees(AttentionProblem problem, int start, int end)
    {
        for (int row = 0; row < problem.Rows; row++)
        {
            for (int position = start; position < end; position++)
            {
                if (problem.Mask.IsVisible(problem.EffectiveFirstQueryPosition + row, position))
                {
                    return true;
                }
            }
        }

        return false;
    }
}
