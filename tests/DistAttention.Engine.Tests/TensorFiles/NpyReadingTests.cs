using DistAttention.Engine.TensorFiles;

namespace DistAttention.Engine.Tests.TensorFiles;

public sealed class NpyReadingTests : IDisposable
{
    private readonly TempFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public void Every_format_version_is_read(byte major)
    {
        using TensorFile file = Open(TensorBytes.Npy("<f4", "(2, 1, 3)", TensorBytes.Of(1f, 2f, 3f, 4f, 5f, 6f), major));

        Assert.Equal(TensorDataType.Float32, file.DataType);
        Assert.Equal([2L, 1, 3], file.Shape);
        Assert.Equal(2, file.Rows);
        Assert.Equal(3, file.RowLength);
        Assert.Equal([1f, 2, 3, 4, 5, 6], file.ReadAll());
        float[] second = new float[3];
        file.ReadRows(1, second);
        Assert.Equal([4f, 5, 6], second);
        file.ReadRows(2, []);
        Assert.Throws<ArgumentException>(() => file.ReadRows(2, second));
        Assert.Throws<ArgumentException>(() => file.ReadRows(0, new float[2]));
        Assert.Throws<ArgumentException>(() => file.ReadRows(long.MaxValue, second));
    }

    [Fact]
    public void Half_precision_is_widened_exactly_for_all_65536_values()
    {
        Half[] all = [.. Enumerable.Range(0, 65_536).Select(static i => BitConverter.UInt16BitsToHalf((ushort)i))];
        using TensorFile file = Open(TensorBytes.Npy("<f2", "(65536,)", TensorBytes.Of(all)));

        float[] read = file.ReadAll();
        for (int i = 0; i < all.Length; i++)
        {
            Assert.Equal(BitConverter.SingleToUInt32Bits((float)all[i]), BitConverter.SingleToUInt32Bits(read[i]));
        }
    }

    [Fact]
    public void Double_precision_is_rounded_to_nearest_even_across_buffers()
    {
        const int count = 100_003; // several read buffers, the last one partly filled
        Random random = new(7);
        double[] values = [.. Enumerable.Range(0, count).Select(_ => (random.NextDouble() - 0.5) * Math.Pow(10, random.Next(-50, 38)))];
        using TensorFile file = Open(TensorBytes.Npy("<f8", $"({count}, 1)", TensorBytes.Of(values)));

        Assert.Equal(values.Select(static v => (float)v), file.ReadAll());
    }

    [Fact]
    public void A_double_beyond_float32_is_refused_and_named()
    {
        using TensorFile file = Open(TensorBytes.Npy("<f8", "(3,)", TensorBytes.Of(1.0, 3.4028235677973366e38, 2.0)));

        TensorFileException error = Assert.Throws<TensorFileException>(() => file.ReadAll());
        Assert.Contains("beyond float32 as element 1", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Infinity_and_NaN_pass_for_the_engine_to_name()
    {
        using TensorFile doubles = Open(TensorBytes.Npy("<f8", "(2,)", TensorBytes.Of(double.NaN, double.NegativeInfinity)));

        Assert.Equal([float.NaN, float.NegativeInfinity], doubles.ReadAll());
    }

    [Theory]
    [InlineData("(0, 8, 64)", new[] { 0L, 8, 64 }, 512)]
    [InlineData("(5, 0)", new[] { 5L, 0 }, 0)]
    public void Empty_tensors_are_read(string shape, long[] expected, long rowLength)
    {
        using TensorFile file = Open(TensorBytes.Npy("<f4", shape, []));

        Assert.Equal(expected, file.Shape);
        Assert.Equal(rowLength, file.RowLength);
        Assert.Empty(file.ReadAll());
        Assert.Throws<ArgumentException>(() => file.ReadRows(0, new float[1]));
    }

    [Fact]
    public void Keys_in_another_order_and_spacing_are_read()
    {
        using TensorFile file = Open(TensorBytes.NpyWithHeader("""{"shape":(2,),"fortran_order":False,"descr":"<f4"}""", TensorBytes.Of(1f, 2f)));

        Assert.Equal([1f, 2], file.ReadAll());
    }

    [Theory]
    [InlineData(">f4", "is big-endian ('>f4'); save it as little-endian ('<f4')")]
    [InlineData("<i8", "holds elements of type '<i8'; '<f4', '<f2' and '<f8' (float32, float16, float64) are read")]
    [InlineData("|b1", "holds elements of type '|b1'")]
    [InlineData("<c8", "holds elements of type '<c8'")]
    [InlineData("\u001b[2J", "holds elements of type '?[2J'")]
    public void Other_types_are_refused_by_name(string descr, string problem) =>
        Refused(TensorBytes.Npy(descr, "(1,)", TensorBytes.Of(1f)), problem);

    [Fact]
    public void Fortran_order_is_refused() =>
        Refused(TensorBytes.Npy("<f4", "(1, 1)", TensorBytes.Of(1f), fortranOrder: true), "is in Fortran order");

    [Theory]
    [InlineData("(4,)", "is truncated: it declares [4] float32, 16 bytes, but holds 12")]
    [InlineData("(2,)", "has 4 bytes after the 8 of the [2] float32 that it declares")]
    [InlineData("()", "has 8 bytes after the 4")]
    [InlineData("(4611686018427387904, 2)", "more than any file can hold")]
    [InlineData("(4294967296, 4294967296, 4294967296)", "more than any file can hold")]
    [InlineData("(0, 9223372036854775807, 9223372036854775807)", "more than any file can hold")]
    [InlineData("(9223372036854775807,)", "more than any file can hold")]
    [InlineData("(9223372036854775808,)", "declares a dimension that is more than any file can hold")]
    [InlineData("(99999999999999999999999999999999999999999999999999,)", "declares a dimension that is more than any file can hold")]
    [InlineData("(500000000000, 2)", "is truncated: it declares [500000000000, 2] float32, 4,000,000,000,000 bytes")]
    [InlineData("(-1,)", "declares a negative dimension")]
    [InlineData("(3)", "cannot be understood")]
    [InlineData("(1 1)", "cannot be understood")]
    [InlineData("(,)", "cannot be understood")]
    [InlineData("(1,,1)", "cannot be understood")]
    [InlineData("[3]", "cannot be understood")]
    [InlineData("(3,", "cannot be understood")]
    [InlineData("(1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 3)", "more than 32 dimensions")]
    public void A_shape_that_does_not_fit_the_file_is_refused(string shape, string problem) =>
        Refused(TensorBytes.Npy("<f4", shape, TensorBytes.Of(1f, 2f, 3f)), problem);

    [Theory]
    [InlineData("", "cannot be understood at its byte")]
    [InlineData("{}", "without 'descr', 'fortran_order' and 'shape'")]
    [InlineData("{'descr': '<f4', 'shape': (1,)}", "without 'descr', 'fortran_order' and 'shape'")]
    [InlineData("{'descr': '<f4', 'descr': '<f4', 'fortran_order': False, 'shape': (1,)}", "cannot be understood at its byte")]
    [InlineData("{'descr': '<f4', 'fortran_order': False, 'shape': (1,), 'more': 1}", "cannot be understood at its byte")]
    [InlineData("{'descr': '<f4', 'fortran_order': Maybe, 'shape': (1,)}", "cannot be understood at its byte")]
    [InlineData("{'descr': '<f4', 'fortran_order': False, 'shape': (1,)} x", "cannot be understood at its byte")]
    [InlineData("{'descr': [('x', '<f4')], 'fortran_order': False, 'shape': (1,)}", "holds a structured type")]
    [InlineData("{'descr", "cannot be understood at its byte")]
    public void A_header_that_NumPy_would_not_write_is_refused(string header, string problem) =>
        Refused(TensorBytes.NpyWithHeader(header, TensorBytes.Of(1f)), problem);

    [Fact]
    public void Every_cut_of_a_file_is_refused()
    {
        byte[] whole = TensorBytes.Npy("<f4", "(2, 3)", TensorBytes.Of(1f, 2f, 3f, 4f, 5f, 6f));
        for (int length = 0; length < whole.Length; length++)
        {
            string path = _folder.Write("cut.npy", whole[..length]);
            TensorFileException error = Assert.Throws<TensorFileException>(() => TensorFile.Open(path));
            Assert.StartsWith(path + ": ", error.Message, StringComparison.Ordinal);
        }
    }

    [Fact]
    public void A_header_longer_than_any_real_one_is_refused_before_it_is_read()
    {
        byte[] file = TensorBytes.NpyWithHeader(new string(' ', 70_000), [], major: 2);
        Refused(file, "at most 65,535 are read");
        file[10] = 0xff;
        file[11] = 0xff;
        Refused(file, "at most 65,535 are read");
    }

    [Fact]
    public void What_is_no_npy_file_is_said_plainly()
    {
        Refused("Hello, world"u8.ToArray(), "is not an .npy file");
        Refused([], "is not an .npy file");
        byte[] later = TensorBytes.Npy("<f4", "(1,)", TensorBytes.Of(1f));
        later[6] = 4;
        Refused(later, "has .npy format 4.0");
        Assert.EndsWith("there is no such file.", Assert.Throws<TensorFileException>(() => TensorFile.Open(_folder.File("none.npy"))).Message, StringComparison.Ordinal);
        Assert.EndsWith("is a folder.", Assert.Throws<TensorFileException>(() => TensorFile.Open(_folder.File(""))).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_file_cut_while_it_is_open_is_an_error_when_read()
    {
        string path = _folder.Write("shrinks.npy", TensorBytes.Npy("<f4", "(2,)", TensorBytes.Of(1f, 2f)));
        using TensorFile file = TensorFile.Open(path);
        using (FileStream cut = new(path, FileMode.Open, FileAccess.Write, FileShare.ReadWrite))
        {
            cut.SetLength(cut.Length - 4);
        }

        Assert.Contains("cut short", Assert.Throws<TensorFileException>(() => file.ReadAll()).Message, StringComparison.Ordinal);
    }

    private TensorFile Open(byte[] contents) => TensorFile.Open(_folder.Write("x.npy", contents));

    private void Refused(byte[] contents, string problem)
    {
        string path = _folder.Write("bad.npy", contents);
        TensorFileException error = Assert.Throws<TensorFileException>(() => TensorFile.Open(path));
        Assert.Equal(path, error.File);
        Assert.Contains(problem, error.Problem, StringComparison.Ordinal);
    }
}
