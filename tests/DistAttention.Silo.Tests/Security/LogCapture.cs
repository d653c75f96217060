using System.Collections.Concurrent;
using Microsoft.Extensions.Logging;

namespace DistAttention.Silo.Tests.Security;

/// <summary>Every line that a host logs, at every level, with the whole of every exception.</summary>
internal sealed class LogCapture : ILoggerProvider
{
    private readonly ConcurrentQueue<string> _lines = new();

    public IReadOnlyCollection<string> Lines => _lines;

    public ILogger CreateLogger(string categoryName) => new Logger(categoryName, _lines);

    public void Dispose()
    {
    }

    private sealed class Logger(string category, ConcurrentQueue<string> lines) : ILogger
    {
        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => true;

        public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
        {
            string values = state is IEnumerable<KeyValuePair<string, object?>> named ? string.Join(' ', named.Select(static v => $"{v.Value}")) : "";
            lines.Enqueue($"{category} {eventId.Name} {formatter(state, exception)} {values} {exception}");
        }
    }
}
