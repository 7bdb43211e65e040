namespace Gantry.Server.Hosting;

/// <summary>The id of a root directory, made once.</summary>
internal static class RootIdentity
{
    private const string Directory = "io.containerd.grpc.v1.introspection";
    private const string FileName = "uuid";

    /// <summary>Reads the id, or makes one.</summary>
    /// <param name="root">The root directory.</param>
    public static string Ensure(string root)
    {
        string directory = Path.Combine(root, Directory);
        System.IO.Directory.CreateDirectory(directory);
        string path = Path.Combine(directory, FileName);
        if (File.Exists(path) && Guid.TryParse(File.ReadAllText(path).Trim(), out Guid known))
        {
            return known.ToString();
        }

        string uuid = Guid.NewGuid().ToString();
        string temporary = path + ".tmp";
        File.WriteAllText(temporary, uuid);
        File.Move(temporary, path, overwrite: true);
        return uuid;
    }
}
