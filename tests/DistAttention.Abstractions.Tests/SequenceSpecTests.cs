namespace DistAttention.Abstractions.Tests;

public sealed class SequenceSpecTests
{
    public static TheoryData<SequenceSpec, string> Impossible => new()
    {
        { new SequenceSpec { HeadDim = 0 }, nameof(SequenceSpec.HeadDim) },
        { new SequenceSpec { HeadDim = 577 }, nameof(SequenceSpec.HeadDim) },
        { new SequenceSpec { HeadDim = 64, HeadDimV = -1 }, nameof(SequenceSpec.HeadDimV) },
        { new SequenceSpec { HeadDim = 64, HeadDimV = 577 }, nameof(SequenceSpec.HeadDimV) },
        { new SequenceSpec { HeadDim = 64, NumHeadsQ = 0 }, nameof(SequenceSpec.NumHeadsQ) },
        { new SequenceSpec { HeadDim = 64, NumHeadsQ = 4097 }, nameof(SequenceSpec.NumHeadsQ) },
        { new SequenceSpec { HeadDim = 64, NumHeadsKv = 0 }, nameof(SequenceSpec.NumHeadsKv) },
        { new SequenceSpec { HeadDim = 64, NumHeadsQ = 6, NumHeadsKv = 4 }, nameof(SequenceSpec.NumHeadsKv) },
        { new SequenceSpec { HeadDim = 576, NumHeadsQ = 4096, NumHeadsKv = 4096 }, nameof(SequenceSpec.NumHeadsKv) },
        { new SequenceSpec { HeadDim = 64, KvType = (KvDataType)9 }, nameof(SequenceSpec.KvType) },
        { new SequenceSpec { HeadDim = 64, ShardLength = 512 }, nameof(SequenceSpec.ShardLength) },
        { new SequenceSpec { HeadDim = 64, ShardLength = 3072 }, nameof(SequenceSpec.ShardLength) },
        { new SequenceSpec { HeadDim = 64, ShardLength = 1 << 25 }, nameof(SequenceSpec.ShardLength) },
        { new SequenceSpec { HeadDim = 64, ExpectedMask = null! }, nameof(SequenceSpec.ExpectedMask) },
        { new SequenceSpec { HeadDim = 64, ExpectedLength = -1 }, nameof(SequenceSpec.ExpectedLength) },
    };

    [Theory]
    [MemberData(nameof(Impossible))]
    public void AnImpossibleSpecNamesTheProperty(SequenceSpec spec, string property) =>
        Assert.Equal(property, Assert.Throws<InvalidSpecException>(spec.Validate).Property);

    [Fact]
    public void AnotherArithmeticIsRefused()
    {
        SequenceSpec spec = new() { HeadDim = 64, ArithmeticVersion = SequenceFormat.ArithmeticVersion + 1 };
        Assert.Equal(spec.ArithmeticVersion, Assert.Throws<ArithmeticVersionException>(spec.Validate).Stored);
    }

    [Fact]
    public void HeadDimVFollowsHeadDimUnlessGiven()
    {
        Assert.Equal(80, new SequenceSpec { HeadDim = 80 }.HeadDimV);
        Assert.Equal(48, new SequenceSpec { HeadDim = 80, HeadDimV = 48 }.HeadDimV);
    }

    [Theory]
    [InlineData("book", true)]
    [InlineData("layer-3/doc_1:v2.0", true)]
    [InlineData("", false)]
    [InlineData("two words", false)]
    [InlineData("naïve", false)]
    public void NamesAreChecked(string name, bool valid)
    {
        Assert.Equal(valid, SequenceId.TryParse(name, null, out SequenceId id));
        if (valid)
        {
            Assert.Equal(name, id.ToString());
        }
        else
        {
            Assert.Throws<InvalidSpecException>(() => new SequenceId(name));
        }
    }

    [Fact]
    public void TheLongestNameIsAcceptedAndALongerOneIsNot()
    {
        Assert.True(SequenceId.TryParse(new string('a', SequenceId.MaxLength), null, out _));
        Assert.False(SequenceId.TryParse(new string('a', SequenceId.MaxLength + 1), null, out _));
    }
}
