using Gantry.Core.Containers;
using Gantry.Core.Content;
using Gantry.Core.Errors;
using Gantry.Core.Images;
using Gantry.Core.Leases;
using Gantry.Core.Namespaces;
using Gantry.Core.Sandboxes;
using Gantry.Oci.Image;
using Gantry.Storage.Bolt;
using Gantry.Storage.Gc;
using Reference = Gantry.Storage.Gc.Reference;

namespace Gantry.Storage.Adopt;

/// <summary>
/// Reads containerd's <c>meta.db</c>: bucket <c>v1</c> holds a bucket for each namespace, and that one for each kind of
/// object (WIRE: paths and files).
/// </summary>
internal sealed class ContainerdMetadata
{
    private const string SchemaBucket = "v1";
    private const int NewestVersion = 4;
    private const string UnknownDigest = "Gantry knows digests of sha256 and sha512 only";

    private static readonly string[] KnownKinds =
        ["labels", "images", "containers", "snapshots", "content", "leases", "sandboxes"];

    private ContainerdMetadata(int version, List<ContainerdNamespace> namespaces)
    {
        Version = version;
        Namespaces = namespaces;
    }

    /// <summary>The version of the schema.</summary>
    public int Version { get; }

    /// <summary>The namespaces, by name.</summary>
    public IReadOnlyList<ContainerdNamespace> Namespaces { get; }

    /// <summary>Reads a database.</summary>
    /// <exception cref="GantryException">DataLoss, or NotImplemented: the schema is newer than what is known.</exception>
    public static ContainerdMetadata Read(BoltFile file)
    {
        if (file.Root.Bucket(SchemaBucket) is not { } schema)
        {
            // containerd was started and has written nothing.
            return file.Root.Entries.Count == 0
                ? new ContainerdMetadata(0, [])
                : throw new GantryException(ErrorKind.NotImplemented, $"{file.Path}: no schema {SchemaBucket} of containerd");
        }

        long version = schema.Number("version");
        if (version is < 0 or > NewestVersion)
        {
            throw new GantryException(
                ErrorKind.NotImplemented,
                $"{file.Path}: containerd's schema version {version}, known up to {NewestVersion}");
        }

        List<ContainerdNamespace> namespaces = [];
        foreach (BoltEntry entry in schema.Entries)
        {
            if (entry.Bucket is { } bucket)
            {
                string name = schema.KeyText(entry);
                CheckIdentifier(schema, name);
                namespaces.Add(ReadNamespace(name, bucket));
            }
        }

        return new ContainerdMetadata((int)version, namespaces);
    }

    private static ContainerdNamespace ReadNamespace(string name, BoltBucket bucket)
    {
        List<AdoptionSkip> skipped = [];
        BoltBucket? content = bucket.Bucket("content");
        ContainerdNamespace ns = new(name, bucket.Map("labels")) { Skipped = skipped };
        ns = ns with
        {
            Blobs = ReadBlobs(ns, content),
            Ingests = ReadIngests(content),
            Images = ReadImages(ns, bucket),
            Containers = bucket.Buckets("containers").Select(container => ReadContainer(container.Key, container.Bucket)),
            Sandboxes = bucket.Buckets("sandboxes").Select(sandbox => ReadSandbox(sandbox.Key, sandbox.Bucket)),
            Snapshots = ReadSnapshots(bucket),
            Leases = bucket.Buckets("leases").Select(lease => (
                new Lease(lease.Key, lease.Bucket.Time("createdat"), lease.Bucket.Map("labels")),
                ReadResources(lease.Bucket).ToList())),
        };
        ns.Skip(
            content?.Keys("ingest").Count() ?? 0, "ingests", "what an old containerd has downloaded in part is dropped");
        foreach (BoltEntry other in bucket.Entries)
        {
            string kind = bucket.KeyText(other);
            if (other.Bucket is { } objects && !KnownKinds.Contains(kind, StringComparer.Ordinal))
            {
                ns.Skip(objects.Walk().Count(), kind, "Gantry keeps no such records");
            }
        }

        return ns;
    }

    private static IEnumerable<ContentInfo> ReadBlobs(ContainerdNamespace ns, BoltBucket? content)
    {
        int strange = 0;
        foreach ((string key, BoltBucket blob) in content?.Buckets("blob") ?? [])
        {
            if (!Digest.TryParse(key, out Digest digest))
            {
                strange++;
                continue;
            }

            yield return new ContentInfo(
                digest,
                Size(blob),
                blob.Time("createdat"),
                blob.Time("updatedat"),
                blob.Map("labels"));
        }

        ns.Skip(strange, "blobs", UnknownDigest);
    }

    private static IEnumerable<ContainerdIngest> ReadIngests(BoltBucket? content) =>
        (content?.Buckets("ingests") ?? []).Select(ingest => new ContainerdIngest(
            ingest.Key,
            ingest.Bucket.Text("ref"),
            ingest.Bucket.Value("expireat") is { IsEmpty: false } ? ingest.Bucket.Time("expireat") : null));

    private static IEnumerable<ImageRecord> ReadImages(ContainerdNamespace ns, BoltBucket bucket)
    {
        foreach ((string name, BoltBucket image) in bucket.Buckets("images"))
        {
            BoltBucket target = image.Bucket("target") ?? throw image.Corrupt("it has no target");
            if (!Digest.TryParse(target.Text("digest"), out Digest digest))
            {
                ns.Skip(1, $"image {name}", UnknownDigest);
                continue;
            }

            Descriptor descriptor = new(target.Text("mediatype"), digest, Size(target))
            {
                Annotations = image.Map("annotations"),
            };
            yield return new ImageRecord(
                name,
                descriptor,
                image.Map("labels"),
                image.Time("createdat"),
                image.Time("updatedat"));
        }
    }

    private static IEnumerable<ContainerdSnapshot> ReadSnapshots(BoltBucket bucket) =>
        bucket.Buckets("snapshots").SelectMany(snapshotter => snapshotter.Bucket.Walk()
            .Where(entry => entry.Bucket is not null)
            .Select(entry => ReadSnapshot(snapshotter.Key, snapshotter.Bucket.KeyText(entry), entry.Bucket!)));

    private static ContainerRecord ReadContainer(string id, BoltBucket container)
    {
        CheckIdentifier(container, id);
        BoltBucket? runtime = container.Bucket("runtime");
        return new ContainerRecord(id)
        {
            Image = container.Text("image"),
            RuntimeName = runtime?.Text("name") ?? "",
            RuntimeOptions = runtime?.Any("options"),
            Spec = container.Any("spec"),
            Snapshotter = container.Text("snapshotter"),
            SnapshotKey = container.Text("snapshotKey"),
            Extensions = container.Anys("extensions"),
            Sandbox = container.Text("sandboxid"),
            Labels = container.Map("labels"),
            CreatedAt = container.Time("createdat"),
            UpdatedAt = container.Time("updatedat"),
        };
    }

    private static SandboxRecord ReadSandbox(string id, BoltBucket sandbox)
    {
        CheckIdentifier(sandbox, id);
        BoltBucket? runtime = sandbox.Bucket("runtime");
        return new SandboxRecord(id)
        {
            Sandboxer = sandbox.Text("sandboxer"),
            RuntimeName = runtime?.Text("name") ?? "",
            RuntimeOptions = runtime?.Any("options"),
            Spec = sandbox.Any("spec"),
            Extensions = sandbox.Anys("extensions"),
            Labels = sandbox.Map("labels"),
            CreatedAt = sandbox.Time("createdat"),
            UpdatedAt = sandbox.Time("updatedat"),
        };
    }

    private static ContainerdSnapshot ReadSnapshot(string snapshotter, string key, BoltBucket snapshot) => new(
        snapshotter,
        key,
        snapshot.Text("name"),
        snapshot.Text("parent"),
        snapshot.Time("createdat"),
        snapshot.Time("updatedat"),
        snapshot.Map("labels"));

    private static IEnumerable<Reference> ReadResources(BoltBucket lease)
    {
        foreach (string digest in lease.Keys("content"))
        {
            if (Digest.TryParse(digest, out _))
            {
                yield return new Reference(ReferenceRole.Leased, NodeKind.Content, digest);
            }
        }

        foreach (string name in lease.Keys("images"))
        {
            yield return new Reference(ReferenceRole.Leased, NodeKind.Image, name);
        }

        foreach ((string snapshotter, BoltBucket snapshots) in lease.Buckets("snapshots"))
        {
            foreach (BoltEntry entry in snapshots.Walk())
            {
                yield return Reference.ToSnapshot(ReferenceRole.Leased, snapshotter, snapshots.KeyText(entry));
            }
        }

        foreach (string reference in lease.Keys("ingests"))
        {
            yield return new Reference(ReferenceRole.Leased, NodeKind.Ingest, reference);
        }
    }

    private static long Size(BoltBucket bucket)
    {
        long size = bucket.Number("size");
        return size >= 0 ? size : throw bucket.Corrupt("its size is negative");
    }

    private static void CheckIdentifier(BoltBucket bucket, string name)
    {
        try
        {
            Identifier.Validate(name);
        }
        catch (GantryException e)
        {
            throw new GantryException(ErrorKind.DataLoss, bucket.Corrupt(e.Message).Message, e);
        }
    }
}
