using System.Text;

namespace DistAttention.Engine.TensorFiles;

/// <summary>The three entries of an .npy header.</summary>
/// <param name="Descr">The element type, as NumPy spells it.</param>
/// <param name="FortranOrder">Whether the first dimension is the fastest.</param>
/// <param name="Shape">The dimensions.</param>
internal sealed record NpyDictionary(string Descr, bool FortranOrder, long[] Shape)
{
    /// <summary>Parses exactly the Python that NumPy writes there, and refuses everything else.</summary>
    public static NpyDictionary Parse(ITensorSource file, ReadOnlySpan<byte> text)
    {
        Scanner scanner = new(file, text);
        string? descr = null;
        bool? fortranOrder = null;
        long[]? shape = null;

        scanner.Expect('{');
        while (!scanner.Accept('}'))
        {
            string key = scanner.String();
            scanner.Expect(':');
            switch (key)
            {
                case "descr" when descr is null:
                    descr = scanner.Peek('[') ? throw file.Error("holds a structured type; one plain float type is read") : scanner.String();
                    break;
                case "fortran_order" when fortranOrder is null:
                    fortranOrder = scanner.Boolean();
                    break;
                case "shape" when shape is null:
                    shape = scanner.Tuple();
                    break;
                default:
                    throw scanner.Error();
            }

            if (!scanner.Accept(','))
            {
                scanner.Expect('}');
                break;
            }
        }

        scanner.ExpectEnd();
        return descr is not null && fortranOrder is not null && shape is not null
            ? new NpyDictionary(descr, fortranOrder.Value, shape)
            : throw file.Error("has an .npy header without 'descr', 'fortran_order' and 'shape'");
    }

    private ref struct Scanner(ITensorSource file, ReadOnlySpan<byte> text)
    {
        private readonly ReadOnlySpan<byte> _text = text;
        private int _index = 0;

        public bool Peek(char c)
        {
            while (_index < _text.Length && _text[_index] is (byte)' ' or (byte)'\n' or (byte)'\t' or (byte)'\r')
            {
                _index++;
            }

            return _index < _text.Length && _text[_index] == c;
        }

        public bool Accept(char c)
        {
            bool found = Peek(c);
            _index += found ? 1 : 0;
            return found;
        }

        public void Expect(char c)
        {
            if (!Accept(c))
            {
                throw Error();
            }
        }

        public void ExpectEnd()
        {
            Peek('\0');
            if (_index != _text.Length)
            {
                throw Error();
            }
        }

        public string String()
        {
            char quote = Peek('"') ? '"' : '\'';
            Expect(quote);
            int length = _text[_index..].IndexOf((byte)quote);
            ReadOnlySpan<byte> value = length < 0 ? throw Error() : _text.Slice(_index, length);
            _index += length + 1;
            return value.Contains((byte)'\\') ? throw Error() : Encoding.Latin1.GetString(value);
        }

        public bool Boolean()
        {
            bool value = Peek('T');
            ReadOnlySpan<byte> word = value ? "True"u8 : "False"u8;
            if (!_text[_index..].StartsWith(word))
            {
                throw Error();
            }

            _index += word.Length;
            return value;
        }

        public long[] Tuple()
        {
            List<long> items = [];
            bool comma = true; // "(5)" is a number in Python; "(5,)" is a tuple
            Expect('(');
            while (!Accept(')'))
            {
                if (!comma || items.Count == TensorLayout.MaxRank)
                {
                    throw items.Count == TensorLayout.MaxRank ? file.Error($"declares more than {TensorLayout.MaxRank} dimensions") : Error();
                }

                items.Add(Integer());
                comma = Accept(',');
            }

            return items.Count == 1 && !comma ? throw Error() : [.. items];
        }

        public readonly TensorFileException Error() => file.Error($"has an .npy header that cannot be understood at its byte {_index + 1}");

        private long Integer()
        {
            if (Peek('-'))
            {
                throw file.Error("declares a negative dimension");
            }

            Int128 value = 0;
            int start = _index;
            while (_index < _text.Length && char.IsAsciiDigit((char)_text[_index]))
            {
                value = value * 10 + (_text[_index++] - '0');
                if (value > long.MaxValue)
                {
                    throw file.Error("declares a dimension that is more than any file can hold");
                }
            }

            return _index > start ? (long)value : throw Error();
        }
    }
}
