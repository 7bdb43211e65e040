namespace Gantry.Cli.CommandLine;

/// <summary>What the program ends with when no container decides it.</summary>
internal static class ExitCodes
{
    public const int Success = 0;
    public const int Failure = 1;

    /// <summary>128 and SIGINT, as shells have it.</summary>
    public const int Interrupted = 130;
}
