namespace DistAttention.Grains.Tests;

public sealed class SameBitsOnOneSilo(OneSilo silos) : SameBitsSuite, IClassFixture<OneSilo>
{
    protected override IAttentionClient Client => silos.Client;
}

public sealed class SameBitsOnTwoSilos(TwoSilos silos) : SameBitsSuite, IClassFixture<TwoSilos>
{
    protected override IAttentionClient Client => silos.Client;
}

public sealed class SameBitsOnThreeSilos(ThreeSilos silos) : SameBitsSuite, IClassFixture<ThreeSilos>
{
    protected override IAttentionClient Client => silos.Client;
}
