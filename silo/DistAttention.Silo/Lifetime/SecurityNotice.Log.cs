using Microsoft.Extensions.Logging;

namespace DistAttention.Silo.Lifetime;

internal sealed partial class SecurityNotice
{
    [LoggerMessage(EventId = 102, EventName = "SecurityOff", Level = LogLevel.Information, Message = "security is off: no TLS, and whoever can connect may do everything (options Tls, Access)")]
    private static partial void LogOff(ILogger log);

    [LoggerMessage(EventId = 103, EventName = "SecurityOn", Level = LogLevel.Information, Message = "security: TLS {Tls}, {Tokens} tokens of {Tenants} tenants")]
    private static partial void LogOn(ILogger log, string tls, int tokens, int tenants);

    [LoggerMessage(EventId = 104, EventName = "TokensInTheClear", Level = LogLevel.Warning, Message = "tokens travel unencrypted: without TLS, whoever reads the network can use them")]
    private static partial void LogInTheClear(ILogger log);

    [LoggerMessage(EventId = 105, EventName = "AnyCertificateIsASilo", Level = LogLevel.Warning, Message = "Tls:SiloName is not set: whoever has a certificate of the authority, clients too, can join as a silo")]
    private static partial void LogAnyCertificate(ILogger log);

    [LoggerMessage(EventId = 107, EventName = "HttpTokensInTheClear", Level = LogLevel.Warning, Message = "Http:Https is false: tokens travel unencrypted to the HTTP API, unless something in front of it speaks TLS")]
    private static partial void LogHttpInTheClear(ILogger log);
}
