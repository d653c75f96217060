namespace DistAttention;

/// <summary>
/// A query sees its neighbours in a graph, given as a sparse matrix in CSR form (graph attention networks, Veličković et al. 2018): the
/// query at <see cref="FirstQuery"/> + i sees the positions indices[indptr[i]] to indices[indptr[i + 1] − 1]. Loops are not added; queries outside see nothing.
/// </summary>
public sealed record GraphMask : AttentionMask
{
    private readonly long[] _indptr;
    private readonly int[] _indices;

    /// <summary>Makes the mask; neighbours may come in any order and more than once.</summary>
    /// <param name="indptr">Where each row's neighbours start in <paramref name="indices"/>, then their end: ascending, from 0 to their count.</param>
    /// <param name="indices">Positions, none negative.</param>
    /// <param name="firstQuery">See <see cref="FirstQuery"/>.</param>
    /// <param name="source">Where the graph comes from, for texts.</param>
    public GraphMask(ReadOnlySpan<long> indptr, ReadOnlySpan<int> indices, long firstQuery = 0, string? source = null)
    {
        Ensure.That(indptr.Length > 0 && indptr[0] == 0, "indptr", "it does not start with 0");
        Ensure.That(indptr[^1] == indices.Length, "indptr", $"it ends with {indptr[^1]}, but there are {indices.Length} indices");
        FirstQuery = MaskRules.InRange(firstQuery, nameof(FirstQuery), -MaskRules.Farthest);
        Source = source;
        _indptr = new long[indptr.Length];
        _indices = new int[indices.Length];
        int count = 0;
        for (int row = 0; row + 1 < indptr.Length; row++)
        {
            Ensure.That(indptr[row + 1] >= indptr[row] && indptr[row + 1] <= indices.Length, "indptr", $"element {row + 1} is {indptr[row + 1]}, less than the {indptr[row]} before it or more than {indices.Length}");
            count += CopyRow(indices[(int)indptr[row]..(int)indptr[row + 1]], _indices.AsSpan(count));
            _indptr[row + 1] = count;
        }

        Array.Resize(ref _indices, count);
    }

    /// <summary>Where each row's neighbours start, then the end of the last row's.</summary>
    public ReadOnlySpan<long> Indptr => _indptr;

    /// <summary>Neighbours: each row ascending, none twice.</summary>
    public ReadOnlySpan<int> Indices => _indices;

    /// <summary>Position of the query of row 0.</summary>
    public long FirstQuery { get; }

    /// <summary>Where the graph comes from, for texts; no part of equality.</summary>
    public string? Source { get; }

    /// <summary>Queries that have a row.</summary>
    public PositionRange QueryExtent => new(FirstQuery, FirstQuery + _indptr.Length - 1);

    /// <inheritdoc/>
    public override bool HasData => true;

    /// <summary>The positions a query sees, ascending.</summary>
    /// <param name="qPos">Position of the query.</param>
    public ReadOnlySpan<int> Neighbours(long qPos)
    {
        long row = qPos - FirstQuery;
        return row < 0 || row >= _indptr.Length - 1 ? [] : _indices.AsSpan((int)_indptr[row], (int)(_indptr[row + 1] - _indptr[row]));
    }

    /// <summary>Index of the first of some ascending numbers that is at least a position.</summary>
    /// <param name="ascending">The numbers.</param>
    /// <param name="position">The position.</param>
    public static int FirstAtLeast(ReadOnlySpan<int> ascending, long position)
    {
        int low = 0;
        int high = ascending.Length;
        while (low < high)
        {
            int middle = (low + high) / 2;
            (low, high) = ascending[middle] >= position ? (low, middle) : (middle + 1, high);
        }

        return low;
    }

    /// <inheritdoc/>
    public override bool IsVisible(long qPos, long kvPos)
    {
        ReadOnlySpan<int> neighbours = Neighbours(qPos);
        int i = FirstAtLeast(neighbours, kvPos);
        return i < neighbours.Length && neighbours[i] == kvPos;
    }

    /// <inheritdoc/>
    public override AttentionMask Restrict(PositionRange q, ReadOnlySpan<PositionRange> kv)
    {
        PositionRange rows = q.Intersect(QueryExtent);
        List<long> indptr = [0];
        List<int> indices = [];
        for (long qPos = rows.Start; qPos < rows.End; qPos++)
        {
            ReadOnlySpan<int> neighbours = Neighbours(qPos);
            foreach (PositionRange range in kv)
            {
                indices.AddRange(neighbours[FirstAtLeast(neighbours, range.Start)..FirstAtLeast(neighbours, range.End)]);
            }

            indptr.Add(indices.Count);
        }

        return new GraphMask([.. indptr], [.. indices], rows.IsEmpty ? 0 : rows.Start, Source);
    }

    /// <inheritdoc/>
    public override long DataBytes(PositionRange q, ReadOnlySpan<PositionRange> kv)
    {
        PositionRange rows = q.Intersect(QueryExtent);
        return rows.IsEmpty ? 0 : sizeof(int) * (rows.Length + _indptr[rows.End - FirstQuery] - _indptr[rows.Start - FirstQuery]);
    }

    /// <inheritdoc/>
    public bool Equals(GraphMask? other) => base.Equals(other);

    /// <inheritdoc/>
    public override int GetHashCode() => base.GetHashCode();

    /// <inheritdoc/>
    public override string ToString() => Source is not null
        ? $"graph:{Source}"
        : MaskText.Summary("graph", $"{_indptr.Length - 1} nodes, {_indices.Length} edges", ContentHash);

    private static int CopyRow(ReadOnlySpan<int> from, Span<int> to)
    {
        from.CopyTo(to);
        Span<int> row = to[..from.Length];
        row.Sort();
        Ensure.That(row.IsEmpty || row[0] >= 0, "indices", $"{(row.IsEmpty ? 0 : row[0])} is not a position");
        int count = 0;
        for (int i = 0; i < row.Length; i++)
        {
            if (i == 0 || row[i] != row[i - 1])
            {
                row[count++] = row[i];
            }
        }

        return count;
    }

    private protected override void Describe(MaskDigest digest) =>
        digest.Kind("graph").Add(FirstQuery).Add(_indptr.Length).AddData<long>(_indptr).Add(_indices.Length).AddData<int>(_indices);
}
