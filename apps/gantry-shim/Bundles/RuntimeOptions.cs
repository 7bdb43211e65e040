using System.Text.Json;
using Gantry.Api.Runtime.Runc;
using Gantry.Core.Errors;
using Google.Protobuf;
using Google.Protobuf.WellKnownTypes;

namespace Gantry.Shim.Bundles;

/// <summary>
/// The options of the OCI runtime. They come with the request that creates a container, and are kept in the bundle for the
/// command that cleans up.
/// </summary>
internal sealed record RuntimeOptions
{
    private const string TypeName = "containerd.runc.v1.Options";
    private const string FileName = "options.json";
    private const int FileLimit = 1 << 20;

    public string BinaryName { get; init; } = "";

    /// <summary>Where the runtime keeps its state; empty for the usual place.</summary>
    public string Root { get; init; } = "";

    public bool NoPivotRoot { get; init; }

    public bool NoNewKeyring { get; init; }

    public bool SystemdCgroup { get; init; }

    public uint IoUser { get; init; }

    public uint IoGroup { get; init; }

    /// <summary>The cgroup that the shim itself is to be put in, or empty.</summary>
    public string ShimCgroup { get; init; } = "";

    /// <summary>Where criu works and logs when it restores; empty for the bundle's work directory.</summary>
    public string CriuWorkPath { get; init; } = "";

    public static RuntimeOptions From(Any? any)
    {
        if (any is null || !any.TypeUrl.EndsWith(TypeName, StringComparison.Ordinal))
        {
            return new RuntimeOptions();
        }

        try
        {
            Options options = Options.Parser.ParseFrom(any.Value);
            return new RuntimeOptions
            {
                BinaryName = options.BinaryName,
                Root = options.Root,
                NoPivotRoot = options.NoPivotRoot,
                NoNewKeyring = options.NoNewKeyring,
                SystemdCgroup = options.SystemdCgroup,
                IoUser = options.IoUid,
                IoGroup = options.IoGid,
                ShimCgroup = options.ShimCgroup,
                CriuWorkPath = options.CriuWorkPath,
            };
        }
        catch (InvalidProtocolBufferException e)
        {
            throw new GantryException(ErrorKind.InvalidArgument, $"runtime options: {e.Message}", e);
        }
    }

    /// <summary>Reads them from a bundle; one without any has the usual ones.</summary>
    /// <param name="bundle">The bundle's directory.</param>
    public static RuntimeOptions Read(string bundle)
    {
        string path = Path.Combine(bundle, FileName);
        if (new FileInfo(path) is not { Exists: true, Length: > 0 and <= FileLimit })
        {
            return new RuntimeOptions();
        }

        try
        {
            using JsonDocument document = JsonDocument.Parse(File.ReadAllBytes(path));
            JsonElement root = document.RootElement;
            return root.ValueKind is not JsonValueKind.Object
                ? new RuntimeOptions()
                : new RuntimeOptions
                {
                    BinaryName = Text(root, "binary_name"),
                    Root = Text(root, "root"),
                    SystemdCgroup = root.TryGetProperty("systemd_cgroup", out JsonElement systemd)
                        && systemd.ValueKind is JsonValueKind.True,
                };
        }
        catch (JsonException e)
        {
            throw new IOException($"{path}: {e.Message}", e);
        }
    }

    /// <summary>Keeps them in a bundle.</summary>
    /// <param name="bundle">The bundle's directory.</param>
    public void Write(string bundle)
    {
        using FileStream file = File.Create(Path.Combine(bundle, FileName));
        using Utf8JsonWriter writer = new(file);
        writer.WriteStartObject();
        Write(writer, "no_pivot_root", NoPivotRoot);
        Write(writer, "no_new_keyring", NoNewKeyring);
        Write(writer, "shim_cgroup", ShimCgroup);
        Write(writer, "io_uid", IoUser);
        Write(writer, "io_gid", IoGroup);
        Write(writer, "binary_name", BinaryName);
        Write(writer, "root", Root);
        Write(writer, "systemd_cgroup", SystemdCgroup);
        writer.WriteEndObject();
    }

    private static string Text(JsonElement root, string name) =>
        root.TryGetProperty(name, out JsonElement value) && value.ValueKind is JsonValueKind.String
            ? value.GetString() ?? ""
            : "";

    private static void Write(Utf8JsonWriter writer, string name, bool value)
    {
        if (value)
        {
            writer.WriteBoolean(name, value);
        }
    }

    private static void Write(Utf8JsonWriter writer, string name, uint value)
    {
        if (value != 0)
        {
            writer.WriteNumber(name, value);
        }
    }

    private static void Write(Utf8JsonWriter writer, string name, string value)
    {
        if (value.Length > 0)
        {
            writer.WriteString(name, value);
        }
    }
}
