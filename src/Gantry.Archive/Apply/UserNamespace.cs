namespace Gantry.Archive.Apply;

/// <summary>Whether this process runs in a user namespace, where devices can't be made (user_namespaces(7)).</summary>
internal static class UserNamespace
{
    private const string InitialMap = "0 0 4294967295";

    internal static bool IsInside()
    {
        const string path = "/proc/self/uid_map";
        if (!File.Exists(path))
        {
            return false;
        }

        string[] words = File.ReadAllText(path).Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries);
        return !string.Equals(string.Join(' ', words), InitialMap, StringComparison.Ordinal);
    }
}
