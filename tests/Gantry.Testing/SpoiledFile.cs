namespace Gantry.Testing;

/// <summary>Spoils files, as a disk may.</summary>
public static class SpoiledFile
{
    /// <summary>Turns over the bits of some bytes, whatever the file's permissions.</summary>
    /// <param name="path">The file.</param>
    /// <param name="offset">Where.</param>
    /// <param name="count">How many bytes.</param>
    public static void Flip(string path, long offset = 0, int count = 1)
    {
        using FileStream file = new(path, FileMode.Open, FileAccess.ReadWrite, FileShare.ReadWrite);
        byte[] bytes = new byte[count];
        file.Position = offset;
        int read = file.Read(bytes);
        for (int i = 0; i < read; i++)
        {
            bytes[i] ^= 0xff;
        }

        file.Position = offset;
        file.Write(bytes, 0, read);
    }
}
