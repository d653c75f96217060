using System.IO.MemoryMappedFiles;

namespace DistAttention.Fuzz.Running;

/// <summary>Where a thread says which input it is about to read.</summary>
internal interface IInputNotes
{
    /// <summary>Says it.</summary>
    void At(int thread, long number);
}

/// <summary>Notes in a file that outlives the process, whatever ends it: [target, then the number of each thread's input].</summary>
internal sealed class InputNotes : IInputNotes, IDisposable
{
    private const int Slots = 260;

    private readonly MemoryMappedFile _file;
    private readonly MemoryMappedViewAccessor _view;

    private InputNotes(MemoryMappedFile file)
    {
        _file = file;
        _view = file.CreateViewAccessor();
    }

    /// <summary>Makes the file, or opens the one that is there.</summary>
    public static InputNotes Open(string path) => new(MemoryMappedFile.CreateFromFile(path, FileMode.OpenOrCreate, null, Slots * sizeof(long)));

    /// <summary>Begins a target.</summary>
    /// <param name="target">Its place among the run's targets.</param>
    public void Begin(int target)
    {
        for (int slot = 1; slot < Slots; slot++)
        {
            _view.Write(slot * sizeof(long), -1L);
        }

        _view.Write(0, (long)target);
    }

    /// <inheritdoc/>
    public void At(int thread, long number) => _view.Write((1 + thread) * sizeof(long), number);

    /// <summary>The target that was begun last, and the inputs that its threads were at.</summary>
    public (int Target, IReadOnlyList<long> Numbers) Read()
    {
        List<long> numbers = [];
        for (int slot = 1; slot < Slots; slot++)
        {
            if (_view.ReadInt64(slot * sizeof(long)) is >= 0 and long number)
            {
                numbers.Add(number);
            }
        }

        return ((int)_view.ReadInt64(0), numbers);
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _view.Dispose();
        _file.Dispose();
    }
}
