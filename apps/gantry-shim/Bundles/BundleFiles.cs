using System.Globalization;

namespace Gantry.Shim.Bundles;

/// <summary>The files of a bundle that a shim writes and reads.</summary>
internal static class BundleFiles
{
    public const string Address = "address";
    public const string InitPid = "init.pid";
    public const string Log = "log";
    public const string Rootfs = "rootfs";
    public const string Runtime = "runtime";
    public const string RuntimeLog = "log.json";
    public const string ShimPid = "shim.pid";
    private const int PidLength = 16;

    /// <summary>Writes a file that appears whole.</summary>
    /// <param name="path">The file.</param>
    /// <param name="text">What it holds.</param>
    public static void WriteWhole(string path, string text)
    {
        string temporary = Path.Combine(Path.GetDirectoryName(path) ?? "", "." + Path.GetFileName(path));
        File.WriteAllText(temporary, text);
        File.Move(temporary, path, overwrite: true);
    }

    /// <summary>Reads a file that holds a process id.</summary>
    /// <param name="path">The file.</param>
    /// <exception cref="IOException">There is none, or it holds something else.</exception>
    public static int ReadPid(string path)
    {
        string text = new FileInfo(path) is { Exists: true, Length: > PidLength } ? "" : File.ReadAllText(path);
        return int.TryParse(text.AsSpan().Trim(), NumberStyles.None, CultureInfo.InvariantCulture, out int pid) && pid > 0
            ? pid
            : throw new IOException($"{path}: not a process id");
    }
}
