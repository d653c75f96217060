using DistAttention.Testing;
using Microsoft.Extensions.DependencyInjection;

namespace DistAttention.Silo.Tests.Admin;

/// <summary>The dashboard in a real browser.</summary>
public sealed class DashboardTests
{
    private const int Length = 6000;

    private static readonly SequenceSpec _spec = new() { NumHeadsQ = 4, NumHeadsKv = 2, HeadDim = 16, ShardLength = 1024, ExpectedLength = Length };

    [BrowserFact]
    public async Task ShowsTheClusterAliveAndSaysWhenItIsNot()
    {
        await using AdminSilo silo = await AdminSilo.StartAsync(null, "--Admin:Token", AdminSilo.Token, "--name", "one");
        await using Browser browser = await Browser.OpenAsync(1400, 900);
        await browser.GoAsync(silo.Url);
        await LogInAsync(browser, "not the token of anybody");
        await browser.UntilAsync("document.getElementById('wrong') && !document.getElementById('wrong').hidden");
        await LogInAsync(browser, AdminSilo.Token);
        await browser.UntilAsync("document.getElementById('status')?.textContent === 'live'");

        // Nothing is there yet: it says what to do.
        await browser.UntilAsync($"!document.getElementById('empty').hidden && document.getElementById('first-steps').textContent.includes('127.0.0.1:{silo.GatewayPort}')");
        await KeepAsync(browser, "empty");

        IAttentionSequence sequence = await FillAsync(silo, "war/and/peace");
        await browser.UntilAsync("document.querySelectorAll('#sequence-rows tr').length === 1 && document.getElementById('empty').hidden");
        Assert.Equal("war/and/peace", (string?)await browser.EvaluateAsync("document.querySelector('#sequence-rows td').textContent"));
        await browser.UntilAsync("document.querySelector('.silo .facts').textContent.includes('6 shards')");
        Assert.True(await ColoredAsync(browser, ".silo canvas") > 1000, "the map of shards is empty");
        await sequence.AttendAsync(new float[64 * 4 * 16]);

        await browser.EvaluateAsync("document.querySelector('#sequence-rows button').click()"); // Explain
        await browser.UntilAsync("document.querySelector('#explain-result canvas')");
        Assert.Contains("Took", (string)(await browser.EvaluateAsync("document.getElementById('explain-result').textContent"))!, StringComparison.Ordinal);
        Assert.True(await ColoredAsync(browser, "#explain-result canvas") > 1000, "the plan is empty");
        await browser.EvaluateAsync("document.querySelectorAll('#sequence-rows button')[1].click()"); // Heat map
        await browser.UntilAsync("document.querySelector('#mass-result canvas')");
        Assert.True(await ColoredAsync(browser, "#mass-result canvas") > 1000, "the heat map is empty");

        // By keys: the map tells of a shard.
        await browser.EvaluateAsync("document.querySelector('.silo canvas').focus()");
        await browser.PressAsync("ArrowRight");
        await browser.UntilAsync("!document.getElementById('tip').hidden && document.getElementById('tip').textContent.includes('shard 0')");
        Assert.Empty(browser.Complaints); // nothing refused by the policy, no error of a script
        await KeepAsync(browser, "desktop");

        await silo.Host.StopAsync();
        await browser.UntilAsync("document.getElementById('status').textContent === 'disconnected' && !document.getElementById('banner').hidden");
        Assert.StartsWith("Disconnected: what you see is from", (string?)await browser.EvaluateAsync("document.getElementById('banner').textContent"), StringComparison.Ordinal);
        await KeepAsync(browser, "disconnected");
    }

    [BrowserFact]
    public async Task FitsAPhoneInTheDark()
    {
        await using AdminSilo silo = await AdminSilo.StartAsync(null, "--Admin:Token", AdminSilo.Token, "--name", "one");
        await FillAsync(silo, "a/sequence/of/a/tenant/with/a/rather/long/name");
        await using Browser browser = await Browser.OpenAsync(390, 844, isDark: true, isPhone: true);
        await browser.GoAsync(silo.Url);
        await LogInAsync(browser, AdminSilo.Token);
        await browser.UntilAsync("document.querySelectorAll('#sequence-rows tr').length === 1 && document.querySelector('.silo')");
        await browser.EvaluateAsync("document.getElementById('explain-form').requestSubmit(); document.getElementById('mass-form').requestSubmit()");
        await browser.UntilAsync("document.querySelector('#explain-result canvas') && document.querySelector('#mass-result canvas')");
        Assert.Equal(390, (int)(await browser.EvaluateAsync("document.documentElement.scrollWidth"))!);
        Assert.Equal("rgb(12, 19, 22)", (string?)await browser.EvaluateAsync("getComputedStyle(document.body).backgroundColor"));
        Assert.Empty(browser.Complaints);
        await KeepAsync(browser, "phone");
    }

    private static async Task LogInAsync(Browser browser, string token)
    {
        await browser.UntilAsync("document.activeElement?.id === 'token'"); // it has the focus by itself
        await browser.EvaluateAsync($"document.getElementById('token').value = '{token}'; document.querySelector('form').requestSubmit()");
    }

    private static async Task<IAttentionSequence> FillAsync(AdminSilo silo, string name)
    {
        AttentionProblem problem = new() { Seed = 7, NumHeadsKv = 2, GroupSize = 2, HeadDim = 16, HeadDimV = 16, Length = Length, Rows = 1, Mask = AttentionMask.Causal };
        IAttentionSequence sequence = await silo.Host.Services.GetRequiredService<IAttentionClient>().CreateSequenceAsync(new SequenceId(name), _spec);
        await sequence.AppendAsync(problem.K, problem.V);
        return sequence;
    }

    /// <summary>Points of a canvas that something was drawn on.</summary>
    private static async Task<int> ColoredAsync(Browser browser, string canvas) => (int)(await browser.EvaluateAsync(
        $"(() => {{ const c = document.querySelector('{canvas}'), d = c.getContext('2d').getImageData(0, 0, c.width, c.height).data; let n = 0; for (let i = 3; i < d.length; i += 4) n += d[i] > 0; return n; }})()"))!;

    /// <summary>Keeps a picture for people where they ask for one: <c>DISTATTN_SCREENSHOTS=FOLDER</c>.</summary>
    private static async Task KeepAsync(Browser browser, string name)
    {
        byte[] png = await browser.ShootAsync(whole: true);
        Assert.True(png.Length > 10_000, "the picture is empty");
        if (Environment.GetEnvironmentVariable("DISTATTN_SCREENSHOTS") is { Length: > 0 } folder)
        {
            await File.WriteAllBytesAsync(Path.Combine(folder, $"test-{name}.png"), png);
        }
    }
}
