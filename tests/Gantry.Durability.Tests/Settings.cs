using System.Globalization;

namespace Gantry.Durability.Tests;

/// <summary>How long the harnesses run: a short form by default, a full one by environment variables.</summary>
internal static class Settings
{
    /// <summary>A number from the environment.</summary>
    public static int Number(string name, int usual) =>
        int.TryParse(Environment.GetEnvironmentVariable(name), NumberStyles.None, CultureInfo.InvariantCulture, out int number)
            ? number
            : usual;

    /// <summary>Tells how it goes, on standard output.</summary>
    public static void Report(string line)
    {
        if (Environment.GetEnvironmentVariable("GANTRY_DURABILITY_REPORT") is "1")
        {
            Console.Out.WriteLine(line);
        }
    }
}
