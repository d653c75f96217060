using DistAttention.Grains;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;

namespace Orleans.Hosting;

/// <summary>Who may call a silo.</summary>
public static class AccessExtensions
{
    /// <summary>Checks every call against tokens, and signs those between silos. The same on every silo of a cluster; nothing happens without a token.</summary>
    /// <param name="builder">The silo.</param>
    /// <param name="access">The tokens and the cluster's key.</param>
    /// <exception cref="OptionsValidationException">An option is wrong; every problem names its option.</exception>
    public static ISiloBuilder UseDistAttentionAccess(this ISiloBuilder builder, AccessOptions access)
    {
        ArgumentNullException.ThrowIfNull(access);
        ValidateOptionsResult valid = new AccessOptionsValidator().Validate(null, access);
        if (valid.Failed)
        {
            throw new OptionsValidationException(AccessOptions.Section, typeof(AccessOptions), valid.Failures);
        }

        if (!access.IsOn)
        {
            return builder;
        }

        builder.Services.AddSingleton(Options.Create(access));
        builder.Services.AddSingleton<TokenBook>();
        builder.Services.AddSingleton(static s => new TokenCallers(s.GetRequiredService<TokenBook>(), s.GetRequiredService<CallTenant>()));
        builder.Services.AddSingleton<ClusterProof>();
        builder.AddIncomingGrainCallFilter<IncomingCalls>();
        return builder.AddOutgoingGrainCallFilter<OutgoingCalls>();
    }
}
