namespace Gantry.Cli.Containers.Settings;

/// <summary>Files that options name.</summary>
internal static class SmallFile
{
    public const int MaxBytes = 16 << 20;

    /// <summary>The bytes of a file.</summary>
    /// <exception cref="FormatException">It can't be read, or is too large.</exception>
    public static byte[] Read(string what, string path)
    {
        try
        {
            return new FileInfo(path).Length <= MaxBytes
                ? File.ReadAllBytes(path)
                : throw new FormatException($"{what} {path}: more than {MaxBytes} bytes");
        }
        catch (FileNotFoundException e)
        {
            throw new FormatException($"{what} {path}: there is no such file", e);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new FormatException($"{what} {path}: {e.Message}", e);
        }
    }
}
