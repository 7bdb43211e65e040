using Gantry.Core.Errors;
using Gantry.Server.Config;

namespace Gantry.Daemon;

/// <summary>Prints and checks configurations.</summary>
internal static class ConfigCommand
{
    /// <summary>Does what was asked for.</summary>
    /// <param name="line">The command line.</param>
    /// <param name="asContainerd">Stand in for containerd: use its places.</param>
    /// <param name="configure">Makes the configuration that holds.</param>
    /// <returns>The exit code.</returns>
    public static async Task<int> RunAsync(CommandLine line, bool asContainerd, Func<DaemonConfig> configure)
    {
        string[] words = [.. line.Words.Skip(1)];
        string usual = ConfigDefaults.FilePath(asContainerd);
        DaemonConfig defaults = ConfigDefaults.For(asContainerd);

        // What is imported is part of a dump, and not to be read once more with it.
        string text = words switch
        {
            ["default"] => ConfigWriter.WriteCommented(defaults),
            ["dump"] => ConfigWriter.Write(configure() with { Imports = [] }),
            ["migrate"] => ConfigLoader.Migrate(line.Config ?? usual),
            ["docs"] => ConfigDocs.Write(),
            ["check"] or ["check", { Length: > 0 }] => "",
            ["check", _] => throw new GantryException(ErrorKind.InvalidArgument, "file required"),
            _ => throw new GantryException(ErrorKind.Unknown, $"no such command: config {string.Join(' ', words)}"),
        };
        if (text.Length > 0)
        {
            await Console.Out.WriteAsync(text);
            return 0;
        }

        string? file = words.Length > 1 ? words[1] : line.Config;
        (IReadOnlyList<string> lines, bool mistaken) = ConfigCheck.Run(file, usual, defaults);
        foreach (string found in lines)
        {
            await Console.Out.WriteLineAsync(found);
        }

        return mistaken ? 1 : 0;
    }
}
