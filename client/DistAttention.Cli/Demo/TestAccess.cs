using System.Runtime.CompilerServices;

// The demo's parts are tested one by one; only the verb is visible from outside.
[assembly: InternalsVisibleTo("DistAttention.Cli.Tests")]
[assembly: InternalsVisibleTo("DistAttention.Fuzz")]
