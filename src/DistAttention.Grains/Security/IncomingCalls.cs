using System.Collections.Concurrent;
using System.Reflection;
using DistAttention.Contracts;
using DistAttention.Contracts.Access;
using Microsoft.Extensions.Logging;
using Orleans.Runtime;

namespace DistAttention.Grains;

/// <summary>
/// Refuses every call, to whatever grain or part of a silo, that neither a silo of the cluster has signed nor a client's token allows. A
/// client may call the methods marked <see cref="ClientCallAttribute"/>, on sequences of its tenant, and nothing else of ours.
/// </summary>
internal sealed partial class IncomingCalls(TokenBook tokens, ClusterProof proof, CallTenant tenant, TimeProvider time, ILogger<IncomingCalls> log) : IIncomingGrainCallFilter
{
    /// <summary>
    /// Which types of grains there are: a client's transport asks before anything else, and goes on asking when it is refused. What is in the
    /// answer is in this repository.
    /// </summary>
    private const string Manifest = "Orleans.Runtime.IClusterManifestSystemTarget";

    /// <summary>What the transport of a client calls by itself with every call that is no longer wanted.</summary>
    private static readonly HashSet<string> _cancellations =
    [
        "Orleans.Runtime.ICancellationSourcesExtension",
        "Orleans.Runtime.IGrainCallCancellationExtension",
    ];

    private static readonly Caller _nobody = new(default, Rights.None, IsClient: true);

    private readonly ConcurrentDictionary<MethodInfo, Rights?> _needs = new();
    private readonly LogLimit _lines = new(lines: 100, TimeSpan.FromMinutes(1), time);

    public async Task Invoke(IIncomingGrainCallContext context)
    {
        Admit(context);
        await context.Invoke();
    }

    private void Admit(IIncomingGrainCallContext context)
    {
        try
        {
            Caller caller = RequestContext.Get(CallHeaders.Proof) is null && context.InterfaceMethod.DeclaringType!.FullName == Manifest
                ? _nobody
                : CallerOf(context);
            RequestContext.Remove(CallHeaders.Token);
            RequestContext.Remove(CallHeaders.Proof);
            RequestContext.Remove(CallHeaders.Tenant);
            tenant.Is(caller);
            if (caller.IsClient && caller != _nobody)
            {
                RequireAllowed(context, caller);
            }
        }
        catch (DistAttentionException)
        {
            // The call has activated a grain that nobody else has asked for: it must not stay for ever.
            if (context.Grain is IVacant { IsVacant: true })
            {
                context.TargetContext.Deactivate(new DeactivationReason(DeactivationReasonCode.ApplicationRequested, "A call was refused, and there is nothing here."));
            }

            throw;
        }
    }

    private Caller CallerOf(IIncomingGrainCallContext context)
    {
        if (RequestContext.Get(CallHeaders.Proof) is byte[] signature)
        {
            string? forTenant = RequestContext.Get(CallHeaders.Tenant) as string;
            return proof.IsSigned(signature, context.TargetId, context.InterfaceName, context.MethodName, forTenant)
                ? TenantName.TryParse(forTenant, out TenantName name) ? Caller.Cluster with { Tenant = name } : Caller.Cluster
                : throw Refused(context, "the call is not signed by a silo of this cluster");
        }

        return RequestContext.Get(CallHeaders.Token) is not string token
            ? throw Refused(context, "the call carries no token")
            : tokens.Find(token) ?? throw Refused(context, "the call's token is not known here");
    }

    private void RequireAllowed(IIncomingGrainCallContext context, Caller caller)
    {
        MethodInfo method = context.InterfaceMethod;
        if (_cancellations.Contains(method.DeclaringType!.FullName!))
        {
            return;
        }

        bool isOurs = method.DeclaringType.Assembly == typeof(ClientCallAttribute).Assembly;
        Rights? needs = _needs.GetOrAdd(method, static m => m.GetCustomAttribute<ClientCallAttribute>()?.Needs) ?? (isOurs ? null : Rights.Admin);
        if (needs is not { } right || (isOurs && context.Grain is ISystemTarget))
        {
            throw Refused(context, $"{context.MethodName} is for silos of the cluster");
        }

        if ((caller.Rights & right) != right)
        {
            throw Refused(context, $"{context.MethodName} needs the right {right}; the token has {caller.Rights}");
        }

        if (context.Grain is ISequenceGrain)
        {
            tenant.RequireOwn(context.TargetId.Key.ToString()!);
        }
    }

    private AccessDeniedException Refused(IIncomingGrainCallContext context, string reason)
    {
        if (_lines.TryTake(out long leftOut))
        {
            LogRefused(log, context.InterfaceName, context.MethodName, reason);
        }

        if (leftOut > 0)
        {
            LogLeftOut(log, leftOut);
        }

        return new AccessDeniedException(reason);
    }
}
