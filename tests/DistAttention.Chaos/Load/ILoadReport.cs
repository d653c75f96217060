namespace DistAttention.Chaos.Load;

/// <summary>Told of what callers see.</summary>
internal interface ILoadReport
{
    /// <summary>Rows were acknowledged.</summary>
    void Appended(int rows, TimeSpan took);

    /// <summary>A query was answered.</summary>
    void Answered(TimeSpan took);

    /// <summary>Acknowledged rows are gone.</summary>
    void LostRows(long rows, string what);

    /// <summary>An answer has other bits than one process gives.</summary>
    void WrongAnswer(string what);

    /// <summary>A call failed; it is made again.</summary>
    void Failed(Exception error);
}
