using System.Text.Json;
using Gantry.Linux;

namespace Gantry.Shim.Bundles;

/// <summary>The few things of a bundle's config.json that a shim needs.</summary>
/// <param name="Group">What its annotations say of the group of containers that share a shim, or null.</param>
/// <param name="HasOwnPids">Whether its processes are in a pid namespace of their own, and so end with the first.</param>
/// <param name="CgroupsPath">Its cgroup, if it says.</param>
internal sealed record BundleConfig(string? Group, bool HasOwnPids, string? CgroupsPath)
{
    private const int SizeLimit = 16 << 20;

    private static readonly string[] GroupAnnotations =
        ["io.containerd.runc.v2.group", "io.kubernetes.cri.sandbox-id"];

    /// <summary>Reads it.</summary>
    /// <param name="bundle">The bundle's directory.</param>
    /// <exception cref="IOException">There is none, or it is malformed.</exception>
    public static BundleConfig Read(string bundle)
    {
        string path = Path.Combine(bundle, "config.json");
        if (new FileInfo(path) is { Exists: true, Length: > SizeLimit })
        {
            throw new LinuxException("read", path, Errno.E2BIG);
        }

        try
        {
            return Parse(File.ReadAllBytes(path));
        }
        catch (JsonException e)
        {
            throw new IOException($"{path}: {e.Message}", e);
        }
    }

    /// <summary>Makes sense of it.</summary>
    /// <param name="json">The file.</param>
    /// <exception cref="JsonException">It is malformed.</exception>
    public static BundleConfig Parse(ReadOnlySpan<byte> json)
    {
        Utf8JsonReader reader = new(json, new JsonReaderOptions { MaxDepth = 128 });
        Dictionary<string, string> groups = new(StringComparer.Ordinal);
        bool ownPids = false;
        string? cgroup = null;
        Expect(ref reader, JsonTokenType.StartObject);
        while (NextProperty(ref reader))
        {
            if (reader.ValueTextEquals("annotations"u8))
            {
                ReadAnnotations(ref reader, groups);
            }
            else if (reader.ValueTextEquals("linux"u8))
            {
                ReadLinux(ref reader, ref ownPids, ref cgroup);
            }
            else
            {
                reader.Read();
                reader.Skip();
            }
        }

        return new BundleConfig(
            Array.Find(GroupAnnotations, groups.ContainsKey) is { } key ? groups[key] : null, ownPids, cgroup);
    }

    private static void ReadAnnotations(ref Utf8JsonReader reader, Dictionary<string, string> groups)
    {
        if (!EnterObject(ref reader))
        {
            return;
        }

        while (NextProperty(ref reader))
        {
            string? wanted = null;
            foreach (string annotation in GroupAnnotations)
            {
                if (reader.ValueTextEquals(annotation))
                {
                    wanted = annotation;
                }
            }

            reader.Read();
            if (wanted is not null && reader.TokenType is JsonTokenType.String)
            {
                groups[wanted] = reader.GetString() ?? "";
            }

            reader.Skip();
        }
    }

    private static void ReadLinux(ref Utf8JsonReader reader, ref bool ownPids, ref string? cgroup)
    {
        if (!EnterObject(ref reader))
        {
            return;
        }

        while (NextProperty(ref reader))
        {
            bool namespaces = reader.ValueTextEquals("namespaces"u8);
            bool cgroupsPath = reader.ValueTextEquals("cgroupsPath"u8);
            reader.Read();
            if (cgroupsPath && reader.TokenType is JsonTokenType.String)
            {
                cgroup = reader.GetString();
            }

            if (!namespaces || reader.TokenType is not JsonTokenType.StartArray)
            {
                reader.Skip();
                continue;
            }

            while (reader.Read() && reader.TokenType is JsonTokenType.StartObject)
            {
                ReadNamespace(ref reader, ref ownPids);
            }
        }
    }

    private static void ReadNamespace(ref Utf8JsonReader reader, ref bool ownPids)
    {
        bool pid = false;
        bool shared = false;
        while (NextProperty(ref reader))
        {
            bool type = reader.ValueTextEquals("type"u8);
            bool path = reader.ValueTextEquals("path"u8);
            reader.Read();
            if (reader.TokenType is JsonTokenType.String)
            {
                pid |= type && reader.ValueTextEquals("pid"u8);
                shared |= path && !reader.ValueTextEquals(""u8);
            }

            reader.Skip();
        }

        ownPids |= pid && !shared;
    }

    private static bool EnterObject(ref Utf8JsonReader reader)
    {
        reader.Read();
        if (reader.TokenType is JsonTokenType.StartObject)
        {
            return true;
        }

        reader.Skip();
        return false;
    }

    private static bool NextProperty(ref Utf8JsonReader reader) =>
        reader.Read() && reader.TokenType is JsonTokenType.PropertyName;

    private static void Expect(ref Utf8JsonReader reader, JsonTokenType type)
    {
        if (!reader.Read() || reader.TokenType != type)
        {
            throw new JsonException("not an object");
        }
    }
}
