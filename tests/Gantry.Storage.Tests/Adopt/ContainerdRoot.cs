using System.Buffers.Binary;
using System.Globalization;
using Gantry.Oci.Image;
using Gantry.Storage.Adopt;
using Gantry.Storage.Tests.Bolt;
using Gantry.Testing;

namespace Gantry.Storage.Tests.Adopt;

/// <summary>A root as containerd leaves it, made of what a test says.</summary>
internal sealed class ContainerdRoot : IDisposable
{
    private readonly TempDirectory _directory = new();
    private BoltTree _meta = new();
    private readonly Dictionary<string, BoltTree> _backends = new(StringComparer.Ordinal);

    public ContainerdRoot() => _meta.Under("v1").Set("version", Signed(3));

    public static DateTimeOffset Time { get; } = new DateTimeOffset(2024, 2, 29, 12, 30, 15, TimeSpan.Zero).AddTicks(1234567);

    public string Root => _directory.Path;

    public string MetaPath => Path.Combine(Root, "io.containerd.metadata.v1.bolt/meta.db");

    public string DatabasePath => Path.Combine(Root, "io.containerd.metadata.v1.bolt/gantry.db");

    public BoltTree Schema => _meta.Under("v1");

    public AdoptionOptions Options => new(Root)
    {
        SnapshotterRoots = new[] { "overlayfs", "native" }.ToDictionary(
            name => name, SnapshotterRoot, StringComparer.Ordinal),
    };

    public string SnapshotterRoot(string name) => Path.Combine(Root, $"io.containerd.snapshotter.v1.{name}");

    public BoltTree Namespace(string name) => _meta.Under("v1", name);

    public void AddLabels(BoltTree owner, params (string Key, string Value)[] labels)
    {
        foreach ((string key, string value) in labels)
        {
            owner.Under("labels").Set(key, value);
        }
    }

    public Digest AddBlob(string ns, string text, params (string Key, string Value)[] labels)
    {
        byte[] bytes = System.Text.Encoding.UTF8.GetBytes(text);
        Digest digest = Digest.OfBytes(bytes);
        string directory = Path.Combine(Root, "io.containerd.content.v1.content/blobs/sha256");
        Directory.CreateDirectory(directory);
        File.WriteAllBytes(Path.Combine(directory, digest.Hex), bytes);
        BoltTree blob = Stamped(Namespace(ns).Under("content", "blob", digest.ToString()));
        blob.Set("size", Signed(bytes.Length));
        AddLabels(blob, labels);
        return digest;
    }

    public void AddIngest(string ns, string reference, string data, long total, DateTimeOffset expires)
    {
        string backend = $"{ns}/1/{reference}";
        Namespace(ns).Under("content", "ingests", reference).Set("ref", backend).Set("expireat", GoTime(expires));
        string directory = Path.Combine(
            Root,
            "io.containerd.content.v1.content/ingest",
            Digest.OfBytes(System.Text.Encoding.UTF8.GetBytes(backend)).Hex);
        Directory.CreateDirectory(directory);
        File.WriteAllText(Path.Combine(directory, "ref"), backend);
        File.WriteAllText(Path.Combine(directory, "data"), data);
        File.WriteAllText(Path.Combine(directory, "startedat"), Time.ToString("yyyy-MM-dd'T'HH:mm:ss.fffffff'Z'", CultureInfo.InvariantCulture));
        if (total > 0)
        {
            File.WriteAllText(Path.Combine(directory, "total"), total.ToString(CultureInfo.InvariantCulture));
        }
    }

    public void AddImage(string ns, string name, Digest target)
    {
        BoltTree image = Stamped(Namespace(ns).Under("images", name));
        image.Under("target").Set("digest", target.ToString()).Set("mediatype", "application/vnd.oci.image.manifest.v1+json")
            .Set("size", Signed(7));
    }

    public BoltTree AddContainer(string ns, string id, byte[] spec, string snapshotter = "", string key = "")
    {
        BoltTree container = Stamped(Namespace(ns).Under("containers", id));
        container.Set("spec", spec).Set("snapshotter", snapshotter).Set("snapshotKey", key);
        container.Under("runtime").Set("name", "io.containerd.runc.v2");
        return container;
    }

    /// <summary>Adds a snapshot to both databases and makes its directory; id 0: to containerd's metadata only.</summary>
    public void AddSnapshot(string ns, string snapshotter, string key, string parent, long id, byte kind)
    {
        BoltTree snapshot = Stamped(Namespace(ns).Under("snapshots", snapshotter, key));
        snapshot.Set("name", $"{ns}/1/{key}");
        BoltTree backend = Backend(snapshotter);
        if (parent.Length > 0)
        {
            snapshot.Set("parent", parent);
        }

        if (id == 0)
        {
            return;
        }

        BoltTree stored = Stamped(backend.Under("v1", "snapshots", $"{ns}/1/{key}"));
        stored.Set("id", Unsigned((ulong)id)).Set("kind", [kind]).Set("inodes", Signed(3)).Set("size", Signed(4096));
        if (parent.Length > 0)
        {
            stored.Set("parent", $"{ns}/1/{parent}");
        }

        Directory.CreateDirectory(Path.Combine(
            SnapshotterRoot(snapshotter), "snapshots", id.ToString(CultureInfo.InvariantCulture)));
    }

    public BoltTree Backend(string snapshotter)
    {
        if (!_backends.TryGetValue(snapshotter, out BoltTree? backend))
        {
            _backends[snapshotter] = backend = new BoltTree();
            backend.Under("v1", "snapshots");
        }

        return backend;
    }

    /// <summary>Writes the databases.</summary>
    public void Save(long transaction = 7)
    {
        Directory.CreateDirectory(Path.GetDirectoryName(MetaPath)!);
        BoltWriter.Write(MetaPath, _meta, transaction);
        foreach ((string snapshotter, BoltTree backend) in _backends)
        {
            Directory.CreateDirectory(SnapshotterRoot(snapshotter));
            BoltWriter.Write(Path.Combine(SnapshotterRoot(snapshotter), "metadata.db"), backend);
        }
    }

    /// <summary>Gives back the memory of what was written.</summary>
    public void Forget()
    {
        _meta = new BoltTree();
        _backends.Clear();
    }

    public void Dispose() => _directory.Dispose();

    public static BoltTree Stamped(BoltTree tree) => tree.Set("createdat", GoTime(Time)).Set("updatedat", GoTime(Time));

    public static byte[] Signed(long value) => Unsigned((ulong)((value << 1) ^ (value >> 63)));

    public static byte[] Unsigned(ulong value)
    {
        List<byte> bytes = [];
        for (; value >= 0x80; value >>= 7)
        {
            bytes.Add((byte)(value | 0x80));
        }

        return [.. bytes, (byte)value];
    }

    /// <summary>An Any: type URL and value.</summary>
    public static byte[] Any(string type, byte[] value)
    {
        byte[] name = System.Text.Encoding.UTF8.GetBytes(type);
        return [0x0a, .. Unsigned((ulong)name.Length), .. name, 0x12, .. Unsigned((ulong)value.Length), .. value];
    }

    private static byte[] GoTime(DateTimeOffset time)
    {
        byte[] bytes = new byte[15];
        bytes[0] = 1;
        BinaryPrimitives.WriteInt64BigEndian(bytes.AsSpan(1), time.UtcTicks / TimeSpan.TicksPerSecond);
        BinaryPrimitives.WriteInt32BigEndian(bytes.AsSpan(9), (int)(time.UtcTicks % TimeSpan.TicksPerSecond) * 100);
        BinaryPrimitives.WriteInt16BigEndian(bytes.AsSpan(13), -1);
        return bytes;
    }
}
