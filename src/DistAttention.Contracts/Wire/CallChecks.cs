using System.Diagnostics.CodeAnalysis;
using System.Runtime.CompilerServices;

namespace DistAttention.Contracts;

/// <summary>
/// What every call has to have before anything is done with it. A serializer leaves out of a message what its sender left out, whatever
/// <see langword="required"/> says: whoever receives a call from outside asks for this first.
/// </summary>
public static class CallChecks
{
    /// <summary>The call, complete.</summary>
    /// <exception cref="CorruptPayloadException">Names what it lacks.</exception>
    public static AttendCall Require([NotNull] this AttendCall? call)
    {
        Have(call);
        Require(call.Sequence);
        Have(call.Terms);
        Have(call.Terms.Mask.Bytes);
        Have(call.Terms.Score.Bytes);
        Have(call.Q);
        return call;
    }

    /// <inheritdoc cref="Require(AttendCall?)"/>
    public static BatchCall Require([NotNull] this BatchCall? call)
    {
        Have(call);
        Have(call.Calls);
        foreach (AttendCall tile in call.Calls)
        {
            Require(tile);
        }

        return call;
    }

    /// <inheritdoc cref="Require(AttendCall?)"/>
    public static AppendCall Require([NotNull] this AppendCall? call)
    {
        Have(call);
        Require(call.Sequence);
        Have(call.K);
        Have(call.V);
        return call;
    }

    /// <inheritdoc cref="Require(AttendCall?)"/>
    public static WriteCall Require([NotNull] this WriteCall? call)
    {
        Have(call);
        Have(call.Name);
        Have(call.Spec.Bytes);
        Have(call.K);
        Have(call.V);
        return call;
    }

    /// <inheritdoc cref="Require(AttendCall?)"/>
    public static TileCall Require([NotNull] this TileCall? call)
    {
        Have(call);
        Have(call.Spec.Bytes);
        Have(call.Q);
        Have(call.Mask.Bytes);
        Have(call.Score.Bytes);
        Have(call.Shards);
        Have(call.Nodes);
        return call;
    }

    /// <inheritdoc cref="Require(AttendCall?)"/>
    public static TileMassCall Require([NotNull] this TileMassCall? call)
    {
        Have(call);
        Require(call.Tile);
        Have(call.MaxLog2);
        Have(call.Sum);
        return call;
    }

    private static void Require([NotNull] SequenceHandle? sequence)
    {
        Have(sequence);
        Have(sequence.Name);
        Have(sequence.Spec.Bytes);
    }

    private static void Have([NotNull] object? part, [CallerArgumentExpression(nameof(part))] string name = "")
    {
        if (part is null)
        {
            throw new CorruptPayloadException($"{name} is missing");
        }
    }
}
