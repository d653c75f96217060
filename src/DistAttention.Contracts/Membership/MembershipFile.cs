using System.Text.Json;
using System.Text.Json.Serialization;

namespace DistAttention.Contracts.Membership;

/// <summary>What the file holds: every silo, at one version. Never changed in place.</summary>
internal sealed record MembershipFileContent(int Version, IReadOnlyList<MembershipRow> Silos)
{
    public static MembershipFileContent Empty { get; } = new(0, []);
}

/// <summary>
/// The members of one cluster in one file. A writer takes the lock, reads, writes a new file beside the old one and renames it over
/// it. A reader needs no lock: it sees the old file or the new one. A process killed at any moment leaves one of the two, a free lock,
/// and at most an unfinished neighbour that the next writer overwrites.
/// </summary>
internal sealed class MembershipFile
{
    private const string Name = "membership.json";
    private static readonly TimeSpan _patience = TimeSpan.FromSeconds(10);

    private readonly SemaphoreSlim _oneWriter = new(1); // the file lock arbitrates between processes; this queues within one
    private readonly string _folder;
    private readonly string _path;
    private readonly string _unfinished;
    private readonly string _lock;

    public MembershipFile(string folder)
    {
        _folder = folder;
        _path = Path.Combine(folder, Name);
        _unfinished = _path + ".new";
        _lock = Path.Combine(folder, "membership.lock");
    }

    /// <summary>What it holds now; empty if it was never written.</summary>
    /// <exception cref="InvalidDataException">It is damaged: by something else than this class.</exception>
    public MembershipFileContent Read()
    {
        byte[] bytes;
        try
        {
            using FileStream file = new(_path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
            bytes = new byte[file.Length];
            file.ReadExactly(bytes);
        }
        catch (Exception error) when (error is FileNotFoundException or DirectoryNotFoundException)
        {
            return MembershipFileContent.Empty;
        }

        try
        {
            return JsonSerializer.Deserialize(bytes, MembershipJson.Default.MembershipFileContent)
                ?? throw new InvalidDataException($"'{_path}' holds no members.");
        }
        catch (JsonException error)
        {
            throw new InvalidDataException($"'{_path}' is damaged: {error.Message}", error);
        }
    }

    /// <summary>Replaces what it holds, unless <paramref name="change"/> returns null. Nobody else writes in between.</summary>
    /// <returns>Whether it was replaced.</returns>
    public async Task<bool> UpdateAsync(Func<MembershipFileContent, MembershipFileContent?> change)
    {
        await _oneWriter.WaitAsync().ConfigureAwait(false);
        try
        {
            Directory.CreateDirectory(_folder);
            using FolderLock held = await FolderLock.AcquireAsync(_lock, _patience).ConfigureAwait(false);
            if (change(Read()) is not { } changed)
            {
                return false;
            }

            using (FileStream file = new(_unfinished, FileMode.Create, FileAccess.Write, FileShare.None))
            {
                JsonSerializer.Serialize(file, changed, MembershipJson.Default.MembershipFileContent);
                file.Flush(flushToDisk: true); // the rename must not overtake the bytes
            }

            File.Move(_unfinished, _path, overwrite: true);
            return true;
        }
        finally
        {
            _oneWriter.Release();
        }
    }
}

/// <summary>The file's format.</summary>
[JsonSourceGenerationOptions(
    WriteIndented = true,
    PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase,
    UseStringEnumConverter = true,
    DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
    RespectNullableAnnotations = true,
    RespectRequiredConstructorParameters = true)]
[JsonSerializable(typeof(MembershipFileContent))]
internal sealed partial class MembershipJson : JsonSerializerContext;
