using System.Buffers;
using System.Buffers.Binary;
using System.IO.Pipelines;
using Microsoft.AspNetCore.Connections;

namespace DistAttention.Grains;

/// <summary>
/// Ends connections that do not introduce themselves in time: the transport waits for its first message, a length and at most a
/// kilobyte, for ever. Reads nothing of it; the transport finds it as it came.
/// </summary>
internal static class PreambleGuard
{
    /// <summary>As the transport has it.</summary>
    public const int MaxBytes = 1024;

    /// <summary>Adds the guard to what is done with a connection.</summary>
    /// <param name="connection">What is done with a connection.</param>
    /// <param name="patience">How long the other side may take.</param>
    /// <param name="time">The clock of that.</param>
    public static void Add(IConnectionBuilder connection, TimeSpan patience, TimeProvider time) => connection.Use(next => async context =>
    {
        if (await ArrivesAsync(context, patience, time).ConfigureAwait(false))
        {
            await next(context).ConfigureAwait(false);
        }
        else
        {
            context.Abort();
        }
    });

    private static async Task<bool> ArrivesAsync(ConnectionContext context, TimeSpan patience, TimeProvider time)
    {
        using CancellationTokenSource timer = new(patience, time);
        PipeReader input = context.Transport.Input;
        try
        {
            while (true)
            {
                ReadResult read = await input.ReadAsync(timer.Token).ConfigureAwait(false);
                int? needed = Needed(read.Buffer);
                bool complete = read.Buffer.Length >= needed;
                input.AdvanceTo(read.Buffer.Start, complete ? read.Buffer.Start : read.Buffer.End);
                if (complete || needed is null || read.IsCompleted || read.IsCanceled)
                {
                    return complete;
                }
            }
        }
        catch (Exception error) when (error is OperationCanceledException or IOException or ConnectionAbortedException or ConnectionResetException)
        {
            return false;
        }
    }

    /// <summary>Bytes of the whole introduction, as far as can be told; null if it is none.</summary>
    private static int? Needed(ReadOnlySequence<byte> come)
    {
        if (come.Length < sizeof(int))
        {
            return sizeof(int);
        }

        Span<byte> declared = stackalloc byte[sizeof(int)];
        come.Slice(0, sizeof(int)).CopyTo(declared);
        int length = BinaryPrimitives.ReadInt32LittleEndian(declared);
        return length is > 0 and <= MaxBytes ? sizeof(int) + length : null;
    }
}
