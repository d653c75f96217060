using System.Text;
using DistAttention.Silo.Options;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Console;

namespace DistAttention.Silo.Logging;

/// <summary>Where log lines go and how they look.</summary>
internal static class SiloLog
{
    private const string Timestamps = "yyyy-MM-ddTHH:mm:ss.fffZ ";

    public static void AddSiloLog(this ILoggingBuilder logging, IConfiguration levels, HostingOptions options)
    {
        if (!string.IsNullOrWhiteSpace(options.LogFile))
        {
            WriteTo(options.LogFile); // before the console provider takes hold of stdout
        }

        logging.AddConfiguration(levels);
        if (options.LogFormat == LogFormat.Json)
        {
            logging.AddJsonConsole(static json =>
            {
                json.UseUtcTimestamp = true;
                json.TimestampFormat = Timestamps.TrimEnd();
            });
        }
        else
        {
            logging.AddSimpleConsole(static text =>
            {
                text.SingleLine = true;
                text.UseUtcTimestamp = true;
                text.TimestampFormat = Timestamps;
                text.ColorBehavior = LoggerColorBehavior.Default;
            });
        }
    }

    private static void WriteTo(string file)
    {
        FileStream stream = new(file, FileMode.Append, FileAccess.Write, FileShare.ReadWrite | FileShare.Delete);
        Console.SetOut(TextWriter.Synchronized(new StreamWriter(stream, new UTF8Encoding(encoderShouldEmitUTF8Identifier: false)) { AutoFlush = true }));
    }
}
