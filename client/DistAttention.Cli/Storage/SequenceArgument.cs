using System.CommandLine;

namespace DistAttention.Cli.Storage;

/// <summary>The name of a sequence on the command line.</summary>
internal static class SequenceArgument
{
    public static Argument<SequenceId> Create(string description) => new("sequence")
    {
        Description = description,
        CustomParser = static result =>
        {
            try
            {
                return new SequenceId(result.Tokens[0].Value);
            }
            catch (InvalidSpecException error)
            {
                result.AddError($"sequence: {error.Problem}");
                return default;
            }
        },
    };
}
