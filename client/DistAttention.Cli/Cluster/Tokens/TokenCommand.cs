using System.CommandLine;
using System.Security.Cryptography;
using DistAttention.Cli.Arguments;
using DistAttention.Cli.Output;
using DistAttention.Cli.Shell;
using DistAttention.Contracts.Access;

namespace DistAttention.Cli.Cluster.Tokens;

/// <summary><c>distattn token</c>: secrets for the section Access of silos. Nothing is sent or stored anywhere.</summary>
internal static class TokenCommand
{
    private const int ClusterKeyBytes = 32;

    public static Verb Create(CliConsole console)
    {
        Verb verb = new(
            "token",
            "Makes tokens for clients, and the key that silos share.",
            new Example("for a tenant", "distattn token new --tenant acme"),
            new Example("for a program", "distattn token new --tenant acme --rights Read --json"));
        verb.Add(CreateNew(console));
        verb.Add(CreateClusterKey(console));
        return verb;
    }

    private static Verb CreateNew(CliConsole console)
    {
        Option<TenantName> tenant = Parsed.Option(
            "--tenant",
            "NAME",
            "Whose sequences it opens: up to 32 lower-case letters, digits and dashes.",
            static text => TenantName.TryParse(text, out TenantName name) ? name : throw new FormatException($"'{text}' is not 1 to {TenantName.MaxLength} lower-case letters, digits and dashes"));
        tenant.Required = true;
        Option<Rights> rights = Parsed.Option("--rights", "LIST", "What it allows, out of Read, Write and Admin. Default: Read,Write.", static text => RightsOf(text));
        rights.DefaultValueFactory = static _ => Rights.Read | Rights.Write;
        Option<bool> json = new("--json") { Description = "The same as JSON on stdout." };
        Verb verb = new("new", "Prints a new token, which only its client keeps, and the lines by which silos know it.", new Example("for a tenant", "distattn token new --tenant acme"));
        verb.Add(tenant);
        verb.Add(rights);
        verb.Add(json);
        verb.SetAction(parsed =>
        {
            ApiToken token = ApiToken.New(parsed.GetValue(tenant));
            (string name, string hash, Rights allowed) = ($"{token.Tenant}", Convert.ToHexStringLower(token.Hash()), parsed.GetValue(rights));
            if (parsed.GetValue(json))
            {
                console.WriteJson(new System.Text.Json.Nodes.JsonObject { ["token"] = token.Text, ["tenant"] = name, ["sha256"] = hash, ["rights"] = $"{allowed}" });
            }
            else
            {
                console.WriteLine(token.Text!);
                console.Note("That is the token: give it to its client (DISTATTN_TOKEN, --token-file); it is kept nowhere. For Access:Tokens of every silo:");
                console.Note($$"""{ "Tenant": "{{name}}", "Sha256": "{{hash}}", "Rights": "{{allowed}}" }""");
            }

            return ExitCode.Ok;
        });
        return verb;
    }

    private static Verb CreateClusterKey(CliConsole console)
    {
        Verb verb = new("cluster-key", "Prints a new value for Access:ClusterKey, which all silos of a cluster share and nobody else has.", new Example("in the environment of every silo", "DISTATTN_Access__ClusterKey=$(distattn token cluster-key)"));
        verb.SetAction(_ =>
        {
            console.WriteLine(Convert.ToBase64String(RandomNumberGenerator.GetBytes(ClusterKeyBytes)));
            return ExitCode.Ok;
        });
        return verb;
    }

    private static Rights RightsOf(string text) =>
        !text.Any(char.IsAsciiDigit) && Enum.TryParse(text, ignoreCase: true, out Rights rights) && rights != Rights.None
            ? rights
            : throw new FormatException($"'{text}' is not some of {Rights.Read | Rights.Write | Rights.Admin}");
}
