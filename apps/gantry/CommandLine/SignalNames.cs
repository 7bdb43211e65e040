using System.Globalization;

namespace Gantry.Cli.CommandLine;

/// <summary>Names of signals. See signal(7); the numbers are the same on x64 and arm64.</summary>
internal static class SignalNames
{
    public const uint Kill = 9;
    public const uint Terminate = 15;
    private const uint MaxSignal = 64;

    private static readonly string[] Names =
    [
        "", "HUP", "INT", "QUIT", "ILL", "TRAP", "ABRT", "BUS", "FPE", "KILL", "USR1", "SEGV", "USR2", "PIPE", "ALRM",
        "TERM", "STKFLT", "CHLD", "CONT", "STOP", "TSTP", "TTIN", "TTOU", "URG", "XCPU", "XFSZ", "VTALRM", "PROF",
        "WINCH", "IO", "PWR", "SYS",
    ];

    /// <summary>All names, such as <c>SIGTERM</c>.</summary>
    public static IEnumerable<string> All => Names.Skip(1).Select(name => "SIG" + name);

    /// <summary>The number of <c>TERM</c>, <c>sigterm</c> or <c>15</c>.</summary>
    /// <exception cref="FormatException">There is no such signal.</exception>
    public static uint Parse(string text)
    {
        if (uint.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out uint number))
        {
            return number is > 0 and <= MaxSignal ? number : throw Unknown(text);
        }

        string name = text.ToUpperInvariant();
        name = name.StartsWith("SIG", StringComparison.Ordinal) ? name[3..] : name;
        int index = Array.IndexOf(Names, name);
        return index > 0 ? (uint)index : throw Unknown(text);
    }

    private static FormatException Unknown(string text) => new($"signal \"{text}\": unknown signal");
}
