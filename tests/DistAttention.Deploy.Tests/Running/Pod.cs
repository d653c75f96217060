using System.Diagnostics;
using System.Net;
using System.Net.Security;
using DistAttention.Deploy.Tests.Images;
using DistAttention.Deploy.Tests.Manifests;
using DistAttention.Deploy.Tests.Yaml;

namespace DistAttention.Deploy.Tests.Running;

/// <summary>
/// One pod of rendered manifests as a process of this machine: the command, the environment and the files that they give it, with the pod's
/// address on the loopback interface, and folders of this machine where the pod has mounts. Nothing else of this process's environment reaches it.
/// </summary>
internal sealed class Pod : IDisposable
{
    private readonly ManifestSet _set;
    private readonly string _image;
    private readonly Process _process;
    private readonly HttpClient _http;
    private readonly Lock _lock = new();
    private readonly List<string> _log = [];

    /// <param name="set">The manifests.</param>
    /// <param name="image">What is in its image.</param>
    /// <param name="name">The pod's name.</param>
    /// <param name="address">Its address.</param>
    /// <param name="mounts">Which folder stands for each mount.</param>
    public Pod(ManifestSet set, string image, string name, IPAddress address, IReadOnlyDictionary<string, string> mounts)
    {
        _set = set;
        _image = image;
        Name = name;
        Address = address;
        _http = new HttpClient(new SocketsHttpHandler { SslOptions = new SslClientAuthenticationOptions { RemoteCertificateValidationCallback = static (_, _, _, _) => true } })
        {
            Timeout = TimeSpan.FromSeconds(5), // as a kubelet: no probe waits longer, and certificates are not looked at
        };
        string command = Mounted((string)set.Container.ItemsAt("command").Single()!);
        ProcessStartInfo start = new(command) { RedirectStandardOutput = true, RedirectStandardError = true, UseShellExecute = false, WorkingDirectory = Mounted("/tmp") };
        start.Environment.Clear();
        if (Environment.GetEnvironmentVariable("DOTNET_ROOT") is { } runtime)
        {
            start.Environment["DOTNET_ROOT"] = runtime;
        }

        IEnumerable<KeyValuePair<string, string>> ofImage = Dockerfile.Stages(Repository.Read("deploy/Dockerfile"))[^1].Environment.Where(static e => e.Key != "PATH");
        foreach ((string variable, string value) in ofImage.Concat(set.Environment()))
        {
            start.Environment[variable] = value switch
            {
                "$(metadata.name)" => name,
                "$(status.podIP)" or "0.0.0.0" => $"{address}",
                _ => Mounted(value),
            };
        }

        // Of all addresses of the pod, which would be all of this machine.
        start.Environment["DISTATTN_Endpoint__ListenAddress"] = $"{address}";
        _process = Process.Start(start)!;
        _process.OutputDataReceived += Keep;
        _process.ErrorDataReceived += Keep;
        _process.BeginOutputReadLine();
        _process.BeginErrorReadLine();

        string Mounted(string path)
        {
            (string at, string folder) = mounts.Append(new("/app", image)).OrderByDescending(static m => m.Key.Length).FirstOrDefault(m => (path + "/").StartsWith(m.Key + "/", StringComparison.Ordinal));
            return at is null ? path : folder + path[at.Length..];
        }
    }

    public string Name { get; }

    public IPAddress Address { get; }

    public bool HasEnded => _process.HasExited;

    /// <summary>What it wrote.</summary>
    public string Log
    {
        get
        {
            lock (_lock)
            {
                return string.Join('\n', _log);
            }
        }
    }

    /// <summary>Runs the command line in the container, as <c>kubectl exec</c> does: with its environment.</summary>
    /// <returns>What it printed.</returns>
    public async Task<string> ExecuteAsync(params string[] arguments)
    {
        ProcessStartInfo start = new(Path.Combine(_image, "distattn"), arguments) { RedirectStandardOutput = true, RedirectStandardError = true, UseShellExecute = false };
        start.Environment.Clear();
        foreach ((string variable, string? value) in _process.StartInfo.Environment)
        {
            start.Environment[variable] = value;
        }

        using Process process = Process.Start(start)!;
        Task<string> error = process.StandardError.ReadToEndAsync();
        string output = await process.StandardOutput.ReadToEndAsync();
        await process.WaitForExitAsync();
        Assert.True(process.ExitCode == 0, await error);
        return output;
    }

    /// <summary>Asks what a probe asks.</summary>
    /// <param name="probe">Its name in the manifest.</param>
    /// <returns>Whether it succeeded; false too where nobody listens.</returns>
    public async Task<bool> AnswersAsync(string probe)
    {
        object? get = _set.Container.At($"{probe}/httpGet");
        try
        {
            using HttpResponseMessage answer = await _http.GetAsync(Url(get.TextAt("port")!, get.TextAt("path")!, get.TextAt("scheme")));
            return (int)answer.StatusCode is >= 200 and < 400;
        }
        catch (Exception e) when (e is HttpRequestException or TaskCanceledException)
        {
            return false;
        }
    }

    /// <summary>The text at a path of one of its ports; null if there is nothing.</summary>
    /// <param name="port">The port's name in the manifest.</param>
    /// <param name="path">The path.</param>
    public async Task<string?> FindAsync(string port, string path)
    {
        using HttpResponseMessage answer = await _http.GetAsync(Url(port, path, _set.Container.TextAt("livenessProbe/httpGet/scheme")));
        return answer.IsSuccessStatusCode ? await answer.Content.ReadAsStringAsync() : null;
    }

    /// <summary>Waits until the startup probe succeeds, for no longer than it may fail.</summary>
    public async Task StartedAsync()
    {
        object? probe = _set.Container.At("startupProbe");
        TimeSpan patience = TimeSpan.FromSeconds((probe.IntegerAt("periodSeconds") * probe.IntegerAt("failureThreshold"))!.Value);
        long began = Stopwatch.GetTimestamp();
        while (!await AnswersAsync("startupProbe"))
        {
            Assert.False(HasEnded, $"{Name} has ended:\n{Log}");
            Assert.True(Stopwatch.GetElapsedTime(began) < patience, $"{Name} has not started:\n{Log}");
            await Task.Delay(100); // another process tells nobody: it has to be asked
        }
    }

    /// <summary>Asks it to terminate, as a kubelet does, and waits no longer than that would.</summary>
    /// <returns>Its exit code.</returns>
    public async Task<int> TerminateAsync()
    {
        Programs.Run("kill", "-TERM", $"{_process.Id}");
        await _process.WaitForExitAsync().WaitAsync(TimeSpan.FromSeconds(_set.Pod.IntegerAt("spec/terminationGracePeriodSeconds")!.Value));
        return _process.ExitCode;
    }

    public void Dispose()
    {
        if (!_process.HasExited)
        {
            _process.Kill();
            _process.WaitForExit();
        }

        _process.Dispose();
        _http.Dispose();
    }

    private string Url(string port, string path, string? scheme) =>
        $"{(scheme ?? "HTTP").ToLowerInvariant()}://{Address}:{_set.Container.ItemsAt("ports").Single(p => p.TextAt("name") == port).IntegerAt("containerPort")}{path}";

    private void Keep(object sender, DataReceivedEventArgs line)
    {
        lock (_lock)
        {
            _log.Add(line.Data ?? "");
        }
    }
}
