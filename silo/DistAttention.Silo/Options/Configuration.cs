using DistAttention.Silo.Options.Listing;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Options;

namespace DistAttention.Silo.Options;

/// <summary>
/// Where options come from, later ones winning: <c>appsettings.json</c> beside the program, <see cref="PodIdentity"/>, a file named with <c>--config</c> or
/// <c>DISTATTN_CONFIG</c>, environment variables <c>DISTATTN_Section__Option</c>, and the command line, <c>--Section:Option value</c> or a
/// short form. Secrets belong in the file or the environment: command lines are for all to see.
/// </summary>
internal static class Configuration
{
    /// <summary>What the names of environment variables begin with.</summary>
    public const string EnvironmentPrefix = "DISTATTN_";

    private const string ConfigFile = "--config";

    private static readonly Dictionary<string, string> _shortForms = new(StringComparer.OrdinalIgnoreCase)
    {
        ["--mode"] = "Cluster:Mode",
        ["--cluster-id"] = "Cluster:Id",
        ["--folder"] = "Cluster:Folder",
        ["--connection-string"] = "Cluster:ConnectionString",
        ["--probe-timeout"] = "Cluster:ProbeTimeout",
        ["--storage"] = "Storage:Folder",
        ["--storage-connection-string"] = "Storage:ConnectionString",
        ["--name"] = "Endpoint:Name",
        ["--address"] = "Endpoint:Address",
        ["--silo-port"] = "Endpoint:SiloPort",
        ["--gateway-port"] = "Endpoint:GatewayPort",
        ["--compute-threads"] = "Attention:ComputeThreads",
        ["--memory-budget"] = "Attention:MemoryBudgetBytes",
        ["--log-file"] = "Hosting:LogFile",
        ["--log-format"] = "Hosting:LogFormat",
        ["--shutdown-timeout"] = "Hosting:ShutdownTimeout",
        ["--tls-cert"] = "Tls:CertificateFile",
        ["--tls-key"] = "Tls:KeyFile",
        ["--tls-ca"] = "Tls:CaFile",
        ["--tls-silo-name"] = "Tls:SiloName",
        ["--admin-port"] = "Admin:Port",
        ["--admin-address"] = "Admin:Address",
        ["--admin-token-file"] = "Admin:TokenFile",
        ["--http-port"] = "Http:Port",
        ["--http-address"] = "Http:Address",
        [ConfigFile] = "Config",
    };

    private static readonly string[] _sections = [.. OptionSections.All.Select(static section => section.Name), "Logging"];

    /// <summary>Short forms of the command line, and the options that they set.</summary>
    public static IReadOnlyDictionary<string, string> ShortForms => _shortForms;

    /// <summary>Adds the sources.</summary>
    /// <exception cref="OptionsValidationException">The command line names an option that there is not.</exception>
    public static void AddSources(IConfigurationBuilder configuration, string[] args)
    {
        RefuseUnknown(args);
        configuration.SetBasePath(AppContext.BaseDirectory).AddJsonFile("appsettings.json", optional: true);
        configuration.AddInMemoryCollection(PodIdentity.Options(Environment.GetEnvironmentVariable));
        IConfiguration named = new ConfigurationBuilder().AddEnvironmentVariables(EnvironmentPrefix).AddCommandLine(args, _shortForms).Build();
        if (named["Config"] is { Length: > 0 } file)
        {
            configuration.AddJsonFile(Existing(file), optional: false);
        }

        configuration
            .AddEnvironmentVariables(EnvironmentPrefix)
            .AddCommandLine(args, _shortForms);
    }

    private static string Existing(string file) => File.Exists(file)
        ? Path.GetFullPath(file)
        : throw new OptionsValidationException(ConfigFile, typeof(Configuration), [$"{ConfigFile} '{file}' does not exist"]);

    // The command line provider takes any word for an option, and drops it silently where nobody asks for it.
    private static void RefuseUnknown(string[] args)
    {
        for (int i = 0; i < args.Length; i++)
        {
            string name = args[i].Split('=')[0];
            bool known = name.StartsWith("--", StringComparison.Ordinal)
                && (_shortForms.ContainsKey(name) || _sections.Any(section => name.StartsWith($"--{section}:", StringComparison.OrdinalIgnoreCase)));
            if (!known)
            {
                throw new OptionsValidationException(args[i], typeof(Configuration), [$"unknown option '{args[i]}'"]);
            }

            if (!args[i].Contains('=') && ++i == args.Length)
            {
                throw new OptionsValidationException(name, typeof(Configuration), [$"{name} needs a value"]);
            }
        }
    }
}
