using DistAttention.Storage.Files;

namespace DistAttention.Simulator.Planting.Seams;

/// <summary>Hands everything on; a bug overrides one thing.</summary>
internal abstract class VolumeSeam(IVolume volume) : IVolume
{
    public async ValueTask<IVolumeFile> CreateAsync(string path) => Of(await volume.CreateAsync(path).ConfigureAwait(false));

    public async ValueTask<IVolumeFile?> OpenAsync(string path, bool write) => await volume.OpenAsync(path, write).ConfigureAwait(false) is { } file ? Of(file) : null;

    public ValueTask<IReadOnlyList<string>> ListAsync(string folder) => volume.ListAsync(folder);

    public ValueTask<DateTimeOffset?> ChangedAsync(string path) => volume.ChangedAsync(path);

    public ValueTask LinkAsync(string path, string second) => volume.LinkAsync(path, second);

    public ValueTask MoveAsync(string path, string target) => volume.MoveAsync(path, target);

    public ValueTask DeleteAsync(string path) => volume.DeleteAsync(path);

    public virtual ValueTask<IAsyncDisposable> LockAsync(string path, CancellationToken cancellationToken) => volume.LockAsync(path, cancellationToken);

    protected virtual IVolumeFile Of(IVolumeFile file) => file;
}
