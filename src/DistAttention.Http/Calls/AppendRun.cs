using DistAttention.Http.Bodies;
using DistAttention.Http.Problems;

namespace DistAttention.Http.Calls;

/// <summary>Appends the parts of one body, one after another; while one is stored, the next is read. Every part must land right behind the one before.</summary>
internal sealed class AppendRun(IAttentionSequence sequence, OperationKey key, long? position, CancellationToken cancellationToken)
{
    private Task<AppendResult>? _storing;
    private IDisposable? _buffers;
    private AppendResult? _first;
    private SequenceSnapshot _snapshot;
    private long _stored;
    private int _parts;

    /// <summary>Starts to append a part, once the one before is stored.</summary>
    /// <param name="k">Keys [rows, NumHeadsKv, HeadDim].</param>
    /// <param name="v">Values [rows, NumHeadsKv, AppendedHeadDimV].</param>
    /// <param name="rows">Rows.</param>
    /// <param name="buffers">What holds them, given back when they are stored.</param>
    public async ValueTask AddAsync(ReadOnlyMemory<float> k, ReadOnlyMemory<float> v, int rows, IDisposable buffers)
    {
        try
        {
            await StoredAsync().ConfigureAwait(false);
        }
        catch
        {
            buffers.Dispose();
            throw;
        }

        AppendOptions options = new() { OperationId = key.Part(_parts++), ExpectedPosition = _first is { } first ? first.FirstPosition + _stored : position };
        _buffers = buffers;
        _storing = sequence.AppendAsync(k, v, options, cancellationToken);
    }

    /// <summary>Waits for the last part.</summary>
    public async ValueTask<AppendResult> FinishAsync()
    {
        await StoredAsync().ConfigureAwait(false);
        return new AppendResult(_first!.Value.FirstPosition, _stored, _snapshot);
    }

    /// <summary>Ends after a failure.</summary>
    /// <param name="error">What failed.</param>
    /// <returns>The error, saying what was stored before it.</returns>
    public async ValueTask<Exception> FailedAsync(Exception error)
    {
        try
        {
            await StoredAsync().ConfigureAwait(false);
        }
        catch (Exception storing) when (storing is DistAttentionException or OperationCanceledException)
        {
            // The first failure is the one to report.
        }

        return _first is { } first ? new PartialAppendException(error, first.FirstPosition, _stored) : error;
    }

    private async ValueTask StoredAsync()
    {
        if (_storing is not { } storing)
        {
            return;
        }

        _storing = null;
        try
        {
            AppendResult stored = await storing.ConfigureAwait(false);
            _first ??= stored;
            _stored += stored.Count;
            _snapshot = stored.Snapshot;
        }
        catch (InvalidTensorException error)
        {
            throw error.InToken(_stored + error.Token);
        }
        finally
        {
            _buffers!.Dispose();
        }
    }
}
