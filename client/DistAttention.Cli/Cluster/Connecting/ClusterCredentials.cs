using System.CommandLine;
using DistAttention.Cli.Arguments;
using DistAttention.Cli.Shell;
using DistAttention.Client;
using DistAttention.Contracts.Access;
using DistAttention.Contracts.Tls;
using Microsoft.Extensions.Configuration;

namespace DistAttention.Cli.Cluster.Connecting;

/// <summary>
/// What a cluster asks of its clients: certificates and a token. From a configuration file, then the environment (both as silos have them),
/// then the command line, except for the token itself: command lines are for all to see.
/// </summary>
internal sealed class ClusterCredentials
{
    private const string EnvironmentPrefix = "DISTATTN_";
    private const string ConfigKey = "Config";
    private const string TokenKey = "Token";

    private readonly Option<string?> _config = Parsed.Option<string?>("--config", "FILE", "JSON with the section Tls and a Token, for --cluster. Or DISTATTN_CONFIG.", Parsed.FileName);
    private readonly Option<string?> _certificate = Parsed.Option<string?>("--tls-cert", "FILE", "This client's certificate, PEM. Or DISTATTN_Tls__CertificateFile.", Parsed.FileName);
    private readonly Option<string?> _key = Parsed.Option<string?>("--tls-key", "FILE", "Its private key, PEM. Default: in the certificate's file.", Parsed.FileName);
    private readonly Option<string?> _authority = Parsed.Option<string?>("--tls-ca", "FILE", "The authorities that vouch for the silos, PEM.", Parsed.FileName);
    private readonly Option<string?> _siloName = Parsed.Option<string?>("--tls-silo-name", "NAME", "The DNS name that the certificates of silos carry.", static text => text);
    private readonly Option<string?> _token = Parsed.Option<string?>("--token-file", "FILE", "A file with this client's token. Or the token in DISTATTN_TOKEN.", Parsed.FileName);

    public IReadOnlyList<Option> Options => [_config, _certificate, _key, _authority, _siloName, _token];

    /// <summary>Puts them into the options of a client.</summary>
    /// <exception cref="CliException">They cannot be used.</exception>
    public void ApplyTo(DistAttentionClientOptions options, ParseResult parsed)
    {
        IConfiguration environment = new ConfigurationBuilder().AddEnvironmentVariables(EnvironmentPrefix).Build();
        IConfiguration configured = environment;
        if ((parsed.GetValue(_config) ?? environment[ConfigKey]) is { Length: > 0 } file)
        {
            configured = new ConfigurationBuilder().AddJsonStream(Json(file)).AddEnvironmentVariables(EnvironmentPrefix).Build();
        }

        TlsSettings tls = options.Tls;
        try
        {
            configured.GetSection(TlsSettings.Section).Bind(tls);
        }
        catch (InvalidOperationException error)
        {
            throw new CliException(error.Message, error);
        }

        tls.CertificateFile = parsed.GetValue(_certificate) ?? tls.CertificateFile;
        tls.KeyFile = parsed.GetValue(_key) ?? tls.KeyFile;
        tls.CaFile = parsed.GetValue(_authority) ?? tls.CaFile;
        tls.SiloName = parsed.GetValue(_siloName) ?? tls.SiloName;
        if (tls.Problems() is { Count: > 0 } problems)
        {
            throw new CliException(string.Join("; ", problems));
        }

        string? tokenFile = parsed.GetValue(_token);
        options.Token = tokenFile is not null ? File.ReadAllText(tokenFile).Trim() : configured[TokenKey];
        if (options.Token is not null && !ApiToken.TryParse(options.Token, out _))
        {
            throw new CliException($"{(tokenFile is null ? "the token that is configured" : tokenFile)} is no token as 'distattn token new' prints them");
        }
    }

    private static Stream Json(string file)
    {
        byte[] bytes = File.ReadAllBytes(file);
        try
        {
            System.Text.Json.JsonDocument.Parse(bytes).Dispose();
        }
        catch (System.Text.Json.JsonException error)
        {
            throw new CliException($"{file}: {error.Message}", error);
        }

        return new MemoryStream(bytes);
    }
}
