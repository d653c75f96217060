namespace DistAttention.Deploy.Tests.Charts;

/// <summary>A template is wrong, or refuses its values.</summary>
internal sealed class TemplateException(string message) : Exception(message);
