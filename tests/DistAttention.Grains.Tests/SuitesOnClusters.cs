namespace DistAttention.Grains.Tests;

public sealed class SameBitsOnOneSilo(OneSilo silos) : SameBitsSuite, IClassFixture<OneSilo>
{
    protected override IAttentionClient Client => silos.Client;
}

public sealed class LifeCycleOnOneSilo(OneSilo silos) : LifeCycleSuite, IClassFixture<OneSilo>
{
    protected override IAttentionClient Client => silos.Client;
}

public sealed class ErrorOnOneSilo(OneSilo silos) : ErrorSuite, IClassFixture<OneSilo>
{
    protected override IAttentionClient Client => silos.Client;
}

public sealed class ConcurrencyOnOneSilo(OneSilo silos) : ConcurrencySuite, IClassFixture<OneSilo>
{
    protected override IAttentionClient Client => silos.Client;
}

public sealed class SameBitsOnTwoSilos(TwoSilos silos) : SameBitsSuite, IClassFixture<TwoSilos>
{
    protected override IAttentionClient Client => silos.Client;
}

public sealed class LifeCycleOnTwoSilos(TwoSilos silos) : LifeCycleSuite, IClassFixture<TwoSilos>
{
    protected override IAttentionClient Client => silos.Client;
}

public sealed class ErrorOnTwoSilos(TwoSilos silos) : ErrorSuite, IClassFixture<TwoSilos>
{
    protected override IAttentionClient Client => silos.Client;
}

public sealed class ConcurrencyOnTwoSilos(TwoSilos silos) : ConcurrencySuite, IClassFixture<TwoSilos>
{
    protected override IAttentionClient Client => silos.Client;
}

public sealed class SameBitsOnThreeSilos(ThreeSilos silos) : SameBitsSuite, IClassFixture<ThreeSilos>
{
    protected override IAttentionClient Client => silos.Client;
}

public sealed class LifeCycleOnThreeSilos(ThreeSilos silos) : LifeCycleSuite, IClassFixture<ThreeSilos>
{
    protected override IAttentionClient Client => silos.Client;
}

public sealed class ErrorOnThreeSilos(ThreeSilos silos) : ErrorSuite, IClassFixture<ThreeSilos>
{
    protected override IAttentionClient Client => silos.Client;
}

public sealed class ConcurrencyOnThreeSilos(ThreeSilos silos) : ConcurrencySuite, IClassFixture<ThreeSilos>
{
    protected override IAttentionClient Client => silos.Client;
}

public sealed class ScoresOnTwoSilos(TwoSilos silos) : ScoreSuite, IClassFixture<TwoSilos>
{
    protected override IAttentionClient Client => silos.Client;
}

[Trait("Category", "Soak")]
public sealed class SameBitsOnFiveSilos(FiveSilos silos) : SameBitsSuite, IClassFixture<FiveSilos>
{
    protected override IAttentionClient Client => silos.Client;
}

[Trait("Category", "Soak")]
public sealed class LifeCycleOnFiveSilos(FiveSilos silos) : LifeCycleSuite, IClassFixture<FiveSilos>
{
    protected override IAttentionClient Client => silos.Client;
}

public sealed class MasksOnTwoSilos(TwoSilos silos) : MaskSuite, IClassFixture<TwoSilos>
{
    protected override IAttentionClient Client => silos.Client;
}
