using System.Globalization;
using DistAttention.Http.Problems;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Primitives;

namespace DistAttention.Http.Parameters;

/// <summary>The parameters of one request. A name that its route does not have is an error: a misspelt option must not be an option not given.</summary>
internal sealed class ParameterValues
{
    private readonly HttpRequest _request;
    private readonly IReadOnlyList<ApiParameter> _known;
    private IReadOnlyDictionary<string, string>? _texts;

    public ParameterValues(HttpRequest request, IReadOnlyList<ApiParameter> known)
    {
        _request = request;
        _known = known;
        foreach ((string name, StringValues values) in request.Query)
        {
            if (!known.Any(p => p.Place == ParameterPlace.Query && p.Name == name))
            {
                string[] names = [.. known.Where(static p => p.Place == ParameterPlace.Query).Select(static p => p.Name)];
                string hint = NearestName.Of(name, names) is { } nearest ? $"did you mean '{nearest}'?" : names.Length == 0 ? "there are none" : $"{string.Join(", ", names)} are";
                throw HttpProblemException.Parameter(name, $"is no parameter of this address; {hint}");
            }

            if (values.Count != 1)
            {
                throw HttpProblemException.Parameter(name, $"stands there {values.Count} times");
            }
        }
    }

    /// <summary>Takes the texts of a body for parameters that the query does not have.</summary>
    public void Add(IReadOnlyDictionary<string, string> texts) => _texts = texts;

    /// <summary>The text of a parameter; null if the request does not have it.</summary>
    public string? Text(ApiParameter parameter)
    {
        if (!_known.Contains(parameter))
        {
            throw new InvalidOperationException($"{parameter.Name} is not declared by the route that reads it.");
        }

        string? text = parameter.Place switch
        {
            ParameterPlace.Path => (string?)_request.RouteValues[parameter.Name],
            ParameterPlace.Header => Header(parameter),
            _ => _request.Query.TryGetValue(parameter.Name, out StringValues values) ? values[0] : _texts?.GetValueOrDefault(parameter.Name),
        };
        return string.IsNullOrEmpty(text)
            ? parameter.IsRequired ? throw HttpProblemException.Parameter(parameter.Name, "is missing") : null
            : text;
    }

    /// <summary>A value that something else reads.</summary>
    public T? Parsed<T>(ApiParameter parameter, Func<string, T> parse)
        where T : class
    {
        if (Text(parameter) is not { } text)
        {
            return null;
        }

        try
        {
            return parse(text);
        }
        catch (FormatException error)
        {
            throw HttpProblemException.Parameter(parameter.Name, error.Message);
        }
    }

    /// <summary>A whole number within bounds.</summary>
    public long? WholeNumber(ApiParameter parameter, long least, long most)
    {
        if (Text(parameter) is not { } text)
        {
            return null;
        }

        return long.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out long number) && number >= least && number <= most
            ? number
            : throw HttpProblemException.Parameter(parameter.Name, $"'{text}' is not a whole number between {least} and {most}");
    }

    /// <summary>A finite number.</summary>
    public double? Number(ApiParameter parameter)
    {
        if (Text(parameter) is not { } text)
        {
            return null;
        }

        return double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out double number) && double.IsFinite(number)
            ? number
            : throw HttpProblemException.Parameter(parameter.Name, $"'{text}' is not a finite number");
    }

    /// <summary>true or false.</summary>
    public bool Flag(ApiParameter parameter) => Text(parameter) switch
    {
        null or "false" => false,
        "true" => true,
        { } other => throw HttpProblemException.Parameter(parameter.Name, $"'{other}' is not true or false"),
    };

    private string? Header(ApiParameter parameter) => _request.Headers[parameter.Name] switch
    {
        { Count: 0 } => null,
        [var only] => only,
        { Count: var count } => throw HttpProblemException.Parameter(parameter.Name, $"stands there {count} times"),
    };
}
