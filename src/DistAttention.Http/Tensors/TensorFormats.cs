using DistAttention.Http.Problems;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Headers;
using Microsoft.Net.Http.Headers;

namespace DistAttention.Http.Tensors;

/// <summary>The formats there are, and which of them a request sends and wants (RFC 9110, 12.5.1).</summary>
internal static class TensorFormats
{
    /// <summary>All of them, the preferred one first.</summary>
    public static IReadOnlyList<ITensorFormat> All { get; } = [new NpyFormat(), new SafetensorsFormat(), new MessagePackFormat()];

    /// <summary>Their media types.</summary>
    public static string Names { get; } = string.Join(", ", All.Select(static f => f.MediaType));

    /// <summary>The format of a request's body.</summary>
    /// <exception cref="HttpProblemException">It is none of them.</exception>
    public static ITensorFormat OfBody(HttpRequest request)
    {
        string? given = request.ContentType;
        return MediaTypeHeaderValue.TryParse(given, out MediaTypeHeaderValue? type) && All.FirstOrDefault(f => Is(f, type.MediaType.Value)) is { } format
            ? format
            : throw HttpProblemException.UnsupportedMediaType($"the body is sent as '{given ?? "nothing"}'; {Names} are read here", Names);
    }

    /// <summary>The format that an answer should have: what the request accepts best, and where that leaves a choice, that of its body.</summary>
    /// <exception cref="HttpProblemException">It accepts none of them.</exception>
    public static ITensorFormat OfAnswer(HttpRequest request, ITensorFormat ofBody)
    {
        RequestHeaders headers = request.GetTypedHeaders();
        if (request.Headers.Accept.Count == 0)
        {
            return ofBody;
        }

        (ITensorFormat Format, double Quality)? best = null;
        foreach (ITensorFormat format in All.OrderByDescending(f => f == ofBody))
        {
            double quality = QualityOf(format, headers.Accept);
            if (quality > (best?.Quality ?? 0))
            {
                best = (format, quality);
            }
        }

        return best?.Format ?? throw HttpProblemException.NotAcceptable($"the answer can be {Names}, none of which the request accepts");
    }

    /// <summary>Whether a request accepts a media type.</summary>
    public static bool Accepts(HttpRequest request, params ReadOnlySpan<string> mediaTypes)
    {
        if (request.Headers.Accept.Count == 0)
        {
            return true;
        }

        IList<MediaTypeHeaderValue> accepted = request.GetTypedHeaders().Accept;
        foreach (string mediaType in mediaTypes)
        {
            if (QualityOf([mediaType], accepted) > 0)
            {
                return true;
            }
        }

        return false;
    }

    private static double QualityOf(ITensorFormat format, IList<MediaTypeHeaderValue> accepted) => QualityOf([format.MediaType, .. format.Aliases], accepted);

    /// <summary>The quality of the most specific range that a type lies in.</summary>
    private static double QualityOf(string[] names, IList<MediaTypeHeaderValue> accepted)
    {
        double quality = 0;
        int specific = -1;
        foreach (MediaTypeHeaderValue range in accepted)
        {
            int rank = range.MatchesAllTypes ? 0 : range.MatchesAllSubTypes ? 1 : 2;
            if (rank > specific && names.Any(name => new MediaTypeHeaderValue(name).IsSubsetOf(Bare(range))))
            {
                specific = rank;
                quality = range.Quality ?? 1;
            }
        }

        return quality;
    }

    private static MediaTypeHeaderValue Bare(MediaTypeHeaderValue range) => new(range.MediaType);

    private static bool Is(ITensorFormat format, string? mediaType) =>
        format.MediaType.Equals(mediaType, StringComparison.OrdinalIgnoreCase) || format.Aliases.Contains(mediaType, StringComparer.OrdinalIgnoreCase);
}
