using System.Diagnostics;
using System.Net.WebSockets;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace DistAttention.Silo.Tests.Admin;

/// <summary>A real browser without a window, spoken to by the DevTools protocol. Ends with this object, and leaves nothing behind.</summary>
internal sealed class Browser : IAsyncDisposable
{
    private static readonly string[] _names = ["chromium", "chromium-browser", "google-chrome", "google-chrome-stable"];
    private static readonly TimeSpan _patience = TimeSpan.FromSeconds(60);

    private readonly Process _process;
    private readonly string _folder;
    private readonly ClientWebSocket _socket = new();
    private readonly List<string> _complaints = [];
    private int _lastId;

    private Browser(Process process, string folder) => (_process, _folder) = (process, folder);

    /// <summary>Where a browser is; null if there is none.</summary>
    public static string? Path { get; } = (Environment.GetEnvironmentVariable("PATH") ?? "").Split(System.IO.Path.PathSeparator)
        .SelectMany(static folder => _names.Select(name => System.IO.Path.Combine(folder, name)))
        .FirstOrDefault(File.Exists);

    /// <summary>What the page's scripts complained of so far: exceptions, refused content.</summary>
    public IReadOnlyList<string> Complaints => _complaints;

    public static async Task<Browser> OpenAsync(int width, int height, bool isDark = false, bool isPhone = false)
    {
        string folder = Directory.CreateTempSubdirectory("distattn-browser-").FullName;
        ProcessStartInfo start = new(Path!)
        {
            ArgumentList =
            {
                "--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--no-first-run", "--hide-scrollbars", "--ignore-certificate-errors",
                "--disable-background-networking", "--disable-component-update", "--remote-debugging-port=0", $"--user-data-dir={folder}", "about:blank",
            },
            RedirectStandardError = true,
            RedirectStandardOutput = true,
        };
        Browser browser = new(Process.Start(start)!, folder);
        browser._process.BeginErrorReadLine();
        browser._process.BeginOutputReadLine();
        await browser.ConnectAsync();
        await browser.CallAsync("Runtime.enable");
        await browser.CallAsync("Log.enable");
        await browser.CallAsync("Page.enable");
        await browser.CallAsync("Emulation.setDeviceMetricsOverride", new { width, height, deviceScaleFactor = isPhone ? 2 : 1, mobile = isPhone });
        await browser.CallAsync("Emulation.setEmulatedMedia", new { features = new[] { new { name = "prefers-color-scheme", value = isDark ? "dark" : "light" } } });
        return browser;
    }

    public Task GoAsync(Uri url) => CallAsync("Page.navigate", new { url = url.ToString() });

    /// <summary>The value of an expression in the page; promises are awaited.</summary>
    public async Task<JsonNode?> EvaluateAsync(string expression)
    {
        JsonNode answer = await CallAsync("Runtime.evaluate", new { expression, awaitPromise = true, returnByValue = true });
        return answer["exceptionDetails"] is { } problem ? throw new InvalidOperationException(problem.ToJsonString()) : answer["result"]?["value"];
    }

    /// <summary>Waits until an expression in the page is true.</summary>
    public async Task UntilAsync(string condition)
    {
        long started = Stopwatch.GetTimestamp();
        while (!await IsTrueAsync(condition))
        {
            Assert.True(Stopwatch.GetElapsedTime(started) < _patience, $"the page does not get to: {condition}; it complains of: {string.Join("; ", _complaints)}");
            await Task.Delay(50); // pages tell nobody outside: they have to be looked at
        }
    }

    /// <summary>A key as a user presses it.</summary>
    public async Task PressAsync(string key)
    {
        await CallAsync("Input.dispatchKeyEvent", new { type = "keyDown", key, code = key, windowsVirtualKeyCode = key == "Tab" ? 9 : 0 });
        await CallAsync("Input.dispatchKeyEvent", new { type = "keyUp", key, code = key });
    }

    /// <summary>The whole page as PNG, or only what the window shows.</summary>
    public async Task<byte[]> ShootAsync(bool whole = false)
    {
        JsonNode shot = await CallAsync("Page.captureScreenshot", new { format = "png", captureBeyondViewport = whole });
        return Convert.FromBase64String((string)shot["data"]!);
    }

    public async ValueTask DisposeAsync()
    {
        _socket.Dispose();
        _process.Kill(entireProcessTree: true);
        await _process.WaitForExitAsync();
        _process.Dispose();
        for (int i = 0; Directory.Exists(_folder) && i < 20; i++)
        {
            try
            {
                Directory.Delete(_folder, recursive: true);
            }
            catch (IOException)
            {
                await Task.Delay(50); // a child that was killed still has files open
            }
        }
    }

    private async Task<bool> IsTrueAsync(string condition)
    {
        try
        {
            return (bool?)await EvaluateAsync($"!!({condition})") == true;
        }
        catch (InvalidOperationException)
        {
            return false; // the page is being replaced, or not there yet
        }
    }

    private async Task ConnectAsync()
    {
        string file = System.IO.Path.Combine(_folder, "DevToolsActivePort");
        long started = Stopwatch.GetTimestamp();
        while (!File.Exists(file) || File.ReadAllLines(file).Length < 2)
        {
            Assert.True(Stopwatch.GetElapsedTime(started) < _patience, "the browser does not start");
            await Task.Delay(50); // it says so by a file
        }

        using HttpClient http = new() { Timeout = _patience };
        JsonNode pages = JsonNode.Parse(await http.GetStringAsync($"http://127.0.0.1:{File.ReadAllLines(file)[0]}/json/list"))!;
        JsonNode page = pages.AsArray().First(static p => (string?)p!["type"] == "page")!;
        await _socket.ConnectAsync(new Uri((string)page["webSocketDebuggerUrl"]!), CancellationToken.None);
    }

    private async Task<JsonNode> CallAsync(string method, object? parameters = null)
    {
        int id = ++_lastId;
        using CancellationTokenSource late = new(_patience);
        await _socket.SendAsync(JsonSerializer.SerializeToUtf8Bytes(new { id, method, @params = parameters ?? new { } }), WebSocketMessageType.Text, true, late.Token);
        while (true)
        {
            JsonNode message = JsonNode.Parse(await ReceiveAsync(late.Token))!;
            switch ((string?)message["method"])
            {
                case "Runtime.exceptionThrown":
                    _complaints.Add(message["params"]!["exceptionDetails"]!.ToJsonString());
                    break;
                case "Log.entryAdded" when (string?)message["params"]!["entry"]!["level"] == "error":
                    _complaints.Add((string)message["params"]!["entry"]!["text"]!);
                    break;
            }

            if ((int?)message["id"] == id)
            {
                return message["error"] is { } error ? throw new InvalidOperationException(error.ToJsonString()) : message["result"]!;
            }
        }
    }

    private async Task<string> ReceiveAsync(CancellationToken cancellationToken)
    {
        byte[] buffer = new byte[1 << 16];
        using MemoryStream message = new();
        WebSocketReceiveResult part;
        do
        {
            part = await _socket.ReceiveAsync(buffer, cancellationToken);
            message.Write(buffer, 0, part.Count);
        }
        while (!part.EndOfMessage);
        return Encoding.UTF8.GetString(message.GetBuffer(), 0, (int)message.Length);
    }
}
