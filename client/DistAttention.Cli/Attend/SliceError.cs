using DistAttention.Cli.Arguments;
using DistAttention.Cli.Shell;

namespace DistAttention.Cli.Attend;

/// <summary>Errors that name a token of a slice, made to name the file and its token.</summary>
internal static class SliceError
{
    /// <summary>The error as the user should see it; null if it names no token.</summary>
    /// <param name="error">What the engine said of the slice.</param>
    /// <param name="inputs">The files.</param>
    /// <param name="first">Where the slice starts in its file.</param>
    public static CliException? Relocate(DistAttentionException error, TensorInputs inputs, long first) => error switch
    {
        InvalidTensorException at => new CliException($"{FileOf(at.Tensor, inputs)}: token {first + at.Token}, head {at.Head} {at.Problem}", error),
        NumericOverflowException at => new CliException(at.InRow(first + at.Row).Message, error),
        _ => null,
    };

    private static string FileOf(string tensor, TensorInputs inputs) => tensor switch
    {
        "q" => inputs.Q.Name,
        "k" => inputs.K.Name,
        "v" when inputs.V is not null => inputs.V.Name,
        _ => tensor,
    };
}
