using System.Text;

namespace DistAttention.Cli.Output;

/// <summary>Passes text on without the blanks at the ends of its lines, which Spectre.Console pads its columns with.</summary>
internal sealed class TrimmingWriter(TextWriter inner) : TextWriter
{
    private int _blanks;

    public override Encoding Encoding => inner.Encoding;

    public override void Write(char value) => Write([value]);

    public override void Write(char[] buffer, int index, int count) => Write(buffer.AsSpan(index, count));

    public override void Write(string? value) => Write(value.AsSpan());

    public override void Write(ReadOnlySpan<char> buffer)
    {
        StringBuilder passed = new(buffer.Length);
        foreach (char value in buffer)
        {
            if (value == ' ')
            {
                _blanks++;
                continue;
            }

            passed.Append(' ', value is '\r' or '\n' ? 0 : _blanks).Append(value);
            _blanks = 0;
        }

        inner.Write(passed);
    }

    public override void Flush() => inner.Flush();
}
