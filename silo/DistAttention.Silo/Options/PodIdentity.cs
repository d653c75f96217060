using System.Net;
using System.Net.Sockets;

namespace DistAttention.Silo.Options;

/// <summary>
/// Who this silo is where an orchestrator says so: Kubernetes puts the pod's name and address into these variables if the manifest asks it to
/// (the downward API). They stand in for <c>Endpoint:Name</c> and <c>Endpoint:Address</c> where nothing else names them; the silo then
/// listens on every address of the pod, so that port forwarding reaches it too.
/// </summary>
internal static class PodIdentity
{
    /// <summary>The pod's name: stable in a StatefulSet, another one for each pod of a Deployment.</summary>
    public const string NameVariable = "POD_NAME";

    /// <summary>The pod's address, IPv4 or IPv6.</summary>
    public const string AddressVariable = "POD_IP";

    /// <summary>The options that the variables stand for; none where they are not set.</summary>
    /// <param name="variable">Reads one variable of the environment.</param>
    public static IEnumerable<KeyValuePair<string, string?>> Options(Func<string, string?> variable)
    {
        if (variable(NameVariable) is { Length: > 0 } name)
        {
            yield return new($"{EndpointOptions.Section}:{nameof(EndpointOptions.Name)}", name);
        }

        if (variable(AddressVariable) is { Length: > 0 } address)
        {
            yield return new($"{EndpointOptions.Section}:{nameof(EndpointOptions.Address)}", address);
            yield return new($"{EndpointOptions.Section}:{nameof(EndpointOptions.ListenAddress)}", Everywhere(address).ToString());
        }
    }

    // What is not an address is left to the validator, which names the option.
    private static IPAddress Everywhere(string address) =>
        IPAddress.TryParse(address, out IPAddress? parsed) && parsed.AddressFamily == AddressFamily.InterNetworkV6 ? IPAddress.IPv6Any : IPAddress.Any;
}
