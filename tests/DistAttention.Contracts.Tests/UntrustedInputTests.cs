using System.Reflection;
using DistAttention.Contracts.Access;
using MessagePack;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;
using Orleans.Serialization;
using Orleans.Serialization.Configuration;

namespace DistAttention.Contracts.Tests;

/// <summary>What is read from others is read as if they meant harm.</summary>
public sealed class UntrustedInputTests
{
    [Fact]
    public void MessagePackIsReadAsUntrustedEverywhere()
    {
        // All of it goes through one place: no other type of the product has options of its own.
        FieldInfo[] fields = [.. typeof(PackFormat).Assembly.GetTypes()
            .SelectMany(static t => t.GetFields(BindingFlags.Static | BindingFlags.Instance | BindingFlags.Public | BindingFlags.NonPublic))
            .Where(static f => f.FieldType == typeof(MessagePackSerializerOptions))];
        MessagePackSerializerOptions options = Assert.IsType<MessagePackSerializerOptions>(Assert.Single(fields).GetValue(null));
        Assert.Equal(MessagePackSecurity.UntrustedData, options.Security);
        Assert.True(options.Security.HashCollisionResistant);
    }

    [Fact]
    public void NestingWithoutAnEndIsAnError()
    {
        byte[] shallow = PackFormat.Write<AttentionMask>(~AttentionMask.LastPositions(5));
        byte[] inner = PackFormat.Write<AttentionMask>(AttentionMask.LastPositions(5));
        byte[] wrapper = shallow[..(shallow.Length - inner.Length)];
        Assert.Equal(shallow, (byte[])[.. wrapper, .. inner]);
        byte[] deep = [.. Enumerable.Repeat(wrapper, 200_000).SelectMany(static w => w), .. inner];
        Assert.Throws<CorruptPayloadException>(() => PackFormat.Read<AttentionMask>(deep));
    }

    [Fact]
    public void ADeclaredLengthIsNotBelieved()
    {
        // An array, a map, a string or bytes of four billion: none of it is there.
        foreach (byte header in (byte[])[0xdd, 0xdf, 0xdb, 0xc6])
        {
            byte[] lying = [header, 0xff, 0xff, 0xff, 0xff];
            byte[] spec = PackFormat.Write(new SequenceSpec { HeadDim = 8 });
            long before = GC.GetAllocatedBytesForCurrentThread();
            Assert.ThrowsAny<DistAttentionException>(() => PackFormat.Read<AttentionMask>(lying));
            for (int at = 0; at < spec.Length; at++)
            {
                byte[] cut = [.. spec[..at], .. lying];
                Assert.ThrowsAny<DistAttentionException>(() => PackFormat.Read<SequenceSpec>(cut));
            }

            Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, 16 << 20);
        }
    }

    [Fact]
    public void NoMoreTypesMayBeNamedThanAreNeeded()
    {
        PackedTypes filter = new();
        Type[] packed = [typeof(SequenceSpec), typeof(AttentionMask), typeof(ScoreFunction), typeof(AttentionPlan)];
        Type[] allowed = [.. typeof(AttentionMask).Assembly.GetTypes().Concat(typeof(PackFormat).Assembly.GetTypes()).Concat(typeof(object).Assembly.GetTypes())
            .Where(t => filter.IsTypeNameAllowed(t.FullName!, t.Assembly.FullName!) is not null)];
        Assert.Equal(packed.Select(static t => t.FullName).Order(), allowed.Select(static t => t.FullName).Order());

        using ServiceProvider services = new ServiceCollection().AddSerializer().BuildServiceProvider();
        Assert.False(services.GetRequiredService<IOptions<TypeManifestOptions>>().Value.AllowAllTypes);
        Serializer serializer = services.GetRequiredService<Serializer>();
        Assert.ThrowsAny<Exception>(() => serializer.SerializeToArray<object>(new Uninvited()));
    }

    [Theory]
    [InlineData("")]
    [InlineData("distattn_")]
    [InlineData("distattn__AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA")]
    [InlineData("distattn_a_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA")] // a character short
    [InlineData("distattn_a_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA!")]
    [InlineData("distattn_A_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA")]
    [InlineData("distattn_abcdefghijklmnopqrstuvwxyz0123456_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA")]
    [InlineData("token_a_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA")]
    public void WhatIsNoTokenIsNone(string text) => Assert.False(ApiToken.TryParse(text, out _));

    [Fact]
    public void ATokenIsReadAsItWasWritten()
    {
        Assert.True(TenantName.TryParse("a-1", out TenantName tenant));
        HashSet<string> seen = [];
        for (int i = 0; i < 200; i++)
        {
            ApiToken made = ApiToken.New(tenant);
            Assert.True(ApiToken.TryParse(made.Text, out ApiToken read));
            Assert.Equal(made, read);
            Assert.Equal(tenant, read.Tenant);
            Assert.Equal(made.Hash(), read.Hash());
            Assert.True(seen.Add(made.Text!));
        }
    }

    [Theory]
    [InlineData("a", "a:x", true)]
    [InlineData("a", "a:", false)] // no name
    [InlineData("a", "ab:x", false)]
    [InlineData("a", "b:a:x", false)]
    [InlineData("a", "x", false)]
    [InlineData("a", "A:x", false)]
    public void ATenantOwnsWhatIsKeptUnderItsName(string tenant, string key, bool owns)
    {
        Assert.True(TenantName.TryParse(tenant, out TenantName name));
        Assert.Equal(owns, name.Owns(key));
        Assert.True(default(TenantName).Owns(key));
        Assert.Equal("n/1:2", name.NameOf(name.KeyOf("n/1:2")));
    }

    private sealed class Uninvited;
}
