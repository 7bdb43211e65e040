using System.Text.Json;
using Gantry.Linux.Syscalls;
using Microsoft.Win32.SafeHandles;

namespace Gantry.Runtime.Bundles;

/// <summary>
/// The directory of a bundle is its owner's alone; when the container has a user namespace, its root must be able to pass
/// through, and so gets the directory as a group.
/// </summary>
internal static class BundleOwner
{
    private const UnixFileMode OwnerOnly =
        UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute;

    /// <summary>Makes the directory.</summary>
    public static void Prepare(string directory, ReadOnlySpan<byte> spec)
    {
        BundleStore.MakeDirectory(directory, OwnerOnly);
        uint group = GroupOfRoot(spec);
        if (group != 0)
        {
            using SafeFileHandle handle = Open.Directory(directory);
            Ownership.Set(handle, uint.MaxValue, group);
            File.SetUnixFileMode(directory, OwnerOnly | UnixFileMode.GroupExecute);
        }
    }

    /// <summary>The group outside of what is group 0 in the container: 0 without a mapping.</summary>
    internal static uint GroupOfRoot(ReadOnlySpan<byte> spec)
    {
        try
        {
            Utf8JsonReader reader = new(spec);
            using JsonDocument document = JsonDocument.ParseValue(ref reader);
            if (document.RootElement.ValueKind is not JsonValueKind.Object
                || !document.RootElement.TryGetProperty("linux", out JsonElement linux)
                || linux.ValueKind is not JsonValueKind.Object
                || !linux.TryGetProperty("gidMappings", out JsonElement mappings)
                || mappings.ValueKind is not JsonValueKind.Array)
            {
                return 0;
            }

            foreach (JsonElement mapping in mappings.EnumerateArray())
            {
                if (mapping.ValueKind is JsonValueKind.Object
                    && mapping.TryGetProperty("containerID", out JsonElement inside)
                    && inside.TryGetUInt32(out uint first) && first == 0
                    && mapping.TryGetProperty("hostID", out JsonElement outside)
                    && outside.TryGetUInt32(out uint host))
                {
                    return host;
                }
            }

            return 0;
        }
        catch (Exception failure) when (failure is JsonException or InvalidOperationException)
        {
            // What is wrong with the spec is for the OCI runtime to say.
            return 0;
        }
    }
}
