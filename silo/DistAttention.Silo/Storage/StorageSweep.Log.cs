using Microsoft.Extensions.Logging;

namespace DistAttention.Silo.Storage;

internal sealed partial class StorageSweep
{
    [LoggerMessage(1, LogLevel.Information, "The storage sweep gave back {Shards} shards that no sequence held")]
    private partial void Swept(int shards);

    [LoggerMessage(2, LogLevel.Warning, "The storage sweep failed and is tried again later")]
    private partial void Failed(Exception cause);
}
