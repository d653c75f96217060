namespace DistAttention.Http.Parameters;

/// <summary>Where a parameter stands.</summary>
internal enum ParameterPlace
{
    /// <summary>In the path.</summary>
    Path,

    /// <summary>In the query; where a body of tensors has texts, it may stand there instead.</summary>
    Query,

    /// <summary>In a header.</summary>
    Header,
}

/// <summary>What a parameter's value is, in the words of JSON Schema.</summary>
internal enum ParameterType
{
    /// <summary>Text.</summary>
    String,

    /// <summary>A whole number.</summary>
    Integer,

    /// <summary>A number.</summary>
    Number,

    /// <summary>true or false.</summary>
    Boolean,
}

/// <summary>A parameter of the API, as it is documented and as it is read.</summary>
/// <param name="Place">Where it stands.</param>
/// <param name="Name">Its name.</param>
/// <param name="Type">What it is.</param>
/// <param name="Description">What it means.</param>
internal sealed record ApiParameter(ParameterPlace Place, string Name, ParameterType Type, string Description)
{
    /// <summary>Whether a request must have it.</summary>
    public bool IsRequired { get; init; }
}
