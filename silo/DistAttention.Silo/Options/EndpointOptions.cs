namespace DistAttention.Silo.Options;

/// <summary>Where this silo is reached. Section <c>Endpoint</c>.</summary>
public sealed class EndpointOptions
{
    /// <summary>The section of the configuration.</summary>
    public const string Section = "Endpoint";

    /// <summary>The silo's name in logs and status. Default: made from the machine's name and the port.</summary>
    public string? Name { get; set; }

    /// <summary>The IP address that others reach it at. Default 127.0.0.1, so that nothing is open to the network unless asked for.</summary>
    public string Address { get; set; } = "127.0.0.1";

    /// <summary>The IP address that it listens on, where that is another one: 0.0.0.0 in a container. Default: <see cref="Address"/>.</summary>
    public string? ListenAddress { get; set; }

    /// <summary>Port for other silos. Default 11111.</summary>
    public int SiloPort { get; set; } = 11_111;

    /// <summary>Port for clients. Default 30000.</summary>
    public int GatewayPort { get; set; } = 30_000;
}
