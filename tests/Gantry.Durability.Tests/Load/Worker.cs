using System.Collections.Concurrent;
using System.Text;
using Gantry.Client;
using Gantry.Core;
using Gantry.Core.Containers;
using Gantry.Core.Content;
using Gantry.Core.Errors;
using Gantry.Core.Images;
using Gantry.Core.Leases;
using Gantry.Core.Mounts;
using Gantry.Core.Namespaces;
using Gantry.Core.Snapshots;
using Gantry.Oci.Image;

namespace Gantry.Durability.Tests.Load;

/// <summary>
/// One client with a namespace of its own, which does one thing after another at random and keeps a journal. What it wants
/// to keep has a label or an owner; it also makes garbage, so that collections have work.
/// </summary>
internal sealed class Worker(string root, string socket, string name, int seed)
{
    private const int MaxObjects = 12;
    private const int MaxBlob = 200_000;
    private const string Copying = "native";

    private readonly Random _random = new(seed);
    private readonly ConcurrentDictionary<string, string> _files = new(StringComparer.Ordinal);
    private volatile bool _isQuiet;
    private NamespaceClient _scope = null!;
    private int _number;

    public static IReadOnlyList<string> Snapshotters { get; } = ["overlayfs", Copying];

    public string Name => name;

    public Journal Journal { get; } = new();

    /// <summary>The bytes of a file in each snapshot that was committed or copied, by path below the root.</summary>
    public IReadOnlyDictionary<string, string> Files => _files;

    /// <summary>Whether to leave out what syncs the whole filesystem: the commits and copies of snapshots.</summary>
    public bool IsQuiet
    {
        get => _isQuiet;
        set => _isQuiet = value;
    }

    /// <summary>Works until the token ends it or the daemon is gone.</summary>
    public async Task RunAsync(CancellationToken cancellationToken)
    {
        await using GantryClient client = new(new GantryClientOptions { SocketPath = socket });
        _scope = client.In(Namespace.Parse(name));
        try
        {
            while (!cancellationToken.IsCancellationRequested)
            {
                await StepAsync();
            }
        }
        catch (GantryException e) when (e.Kind is ErrorKind.Unavailable or ErrorKind.Canceled)
        {
            // The daemon was killed: what was under way stays open in the journal.
            return;
        }
    }

    private Task StepAsync() => _random.Next(20) switch
    {
        < 4 => PutContentAsync(),
        4 => RelabelContentAsync(),
        5 => DeleteContentAsync(),
        6 or 7 => CreateImageAsync(),
        8 => DeleteImageAsync(),
        9 or 10 => CreateContainerAsync(),
        11 => UpdateContainerAsync(),
        12 => DeleteContainerAsync(),
        13 => CreateLeaseAsync(),
        14 => DeleteLeaseAsync(),
        15 or 16 => _isQuiet ? PutContentAsync() : CommitSnapshotAsync(),
        17 => PrepareSnapshotAsync(),
        18 => RemoveSnapshotAsync(),
        _ => MakeGarbageAsync(),
    };

    private string NewName(string kind) => $"{name}-{kind}-{_number++}";

    private List<string> Having(string prefix) =>
        [.. Journal.View().Acknowledged.Where(p => p.Value is not null && p.Key.StartsWith(prefix, StringComparison.Ordinal)).Select(p => p.Key)];

    private string? Pick(string prefix)
    {
        List<string> found = Having(prefix);
        return found.Count == 0 ? null : found[_random.Next(found.Count)];
    }

    private Dictionary<string, string> NewLabels(bool keep)
    {
        Dictionary<string, string> labels = new(StringComparer.Ordinal)
        {
            ["test/round"] = _random.Next(1000).ToString(System.Globalization.CultureInfo.InvariantCulture),
        };
        if (keep)
        {
            labels["containerd.io/gc.root"] = "kept";
        }

        return labels;
    }

    private async Task PutContentAsync()
    {
        if (Having("content ").Count >= MaxObjects)
        {
            await DeleteContentAsync();
            return;
        }

        byte[] data = NewBytes(_random.Next(1, MaxBlob));
        Dictionary<string, string> labels = NewLabels(keep: true);
        Digest digest = Digest.OfBytes(data);
        string key = $"content {digest}";
        await Journal.DoAsync(
            new Operation("write content", [(key, Observer.Content(data.Length, labels))]),
            () => WriteAsync(data, digest, labels));
    }

    private async Task WriteAsync(byte[] data, Digest digest, IReadOnlyDictionary<string, string> labels)
    {
        await using IContentWriter writer = await _scope.Content.OpenWriterAsync(
            $"{name}-{digest.Hex}", data.Length, digest, CancellationToken.None);
        int written = 0;
        while (written < data.Length)
        {
            int count = Math.Min(_random.Next(1, 100_000), data.Length - written);
            await writer.WriteAsync(data.AsMemory(written, count), CancellationToken.None);
            written += count;
        }

        await writer.CommitAsync(data.Length, digest, labels, CancellationToken.None);
    }

    private async Task RelabelContentAsync()
    {
        if (Pick("content ") is not { } key || Journal.View().Acknowledged[key] is not { } state)
        {
            return;
        }

        long size = long.Parse(state[..state.IndexOf(' ', StringComparison.Ordinal)], System.Globalization.CultureInfo.InvariantCulture);
        Dictionary<string, string> labels = NewLabels(keep: true);
        await Journal.DoAsync(
            new Operation("label content", [(key, Observer.Content(size, labels))]),
            () => _scope.Content.UpdateAsync(
                new ContentInfo(Digest.Parse(key["content ".Length..]), size, default, default, labels),
                new FieldMask(["labels"]),
                CancellationToken.None));
    }

    private async Task DeleteContentAsync()
    {
        // Content that an image points at is kept: deleting it is allowed, but makes nothing but trouble.
        HashSet<string> used = [.. Having("image ").Select(i => Journal.View().Acknowledged[i]!.Split(' ')[0])];
        if (Pick("content ") is { } key && !used.Contains(key["content ".Length..]))
        {
            await Journal.DoAsync(
                new Operation("delete content", [(key, null)]),
                () => _scope.Content.DeleteAsync(Digest.Parse(key["content ".Length..]), CancellationToken.None));
        }
    }

    private async Task CreateImageAsync()
    {
        if (Pick("content ") is not { } content || Having("image ").Count >= MaxObjects)
        {
            return;
        }

        Digest target = Digest.Parse(content["content ".Length..]);
        Dictionary<string, string> labels = NewLabels(keep: false);
        string image = NewName("image");
        await Journal.DoAsync(
            new Operation("create image", [($"image {image}", Observer.Image(target, labels))]),
            () => _scope.Images.CreateAsync(
                new ImageRecord(image, new Descriptor("application/octet-stream", target, 1), labels),
                CancellationToken.None));
    }

    private async Task DeleteImageAsync()
    {
        if (Pick("image ") is { } key)
        {
            bool synchronous = _random.Next(3) == 0;
            await Journal.DoAsync(
                new Operation("delete image", [(key, null)]),
                () => _scope.Images.DeleteAsync(key["image ".Length..], synchronous, null, CancellationToken.None));
        }
    }

    private async Task CreateContainerAsync()
    {
        if (Having("container ").Count >= MaxObjects)
        {
            return;
        }

        ContainerRecord container = new(NewName("c"))
        {
            Image = "none",
            RuntimeName = "io.containerd.runc.v2",
            Spec = new TypedBytes("types.containerd.io/opencontainers/runtime-spec/1/Spec", NewBytes(_random.Next(10, 9000))),
            Labels = NewLabels(keep: false),
        };
        await Journal.DoAsync(
            new Operation("create container", [($"container {container.Id}", Observer.Container(container))]),
            () => _scope.Containers.CreateAsync(container, CancellationToken.None));
    }

    private async Task UpdateContainerAsync()
    {
        if (Pick("container ") is not { } key)
        {
            return;
        }

        ContainerRecord container = new(key["container ".Length..])
        {
            Image = "none",
            RuntimeName = "io.containerd.runc.v2",
            Spec = new TypedBytes("types.containerd.io/opencontainers/runtime-spec/1/Spec", NewBytes(_random.Next(10, 9000))),
            Labels = NewLabels(keep: false),
        };
        await Journal.DoAsync(
            new Operation("update container", [(key, Observer.Container(container))]),
            () => _scope.Containers.UpdateAsync(container, new FieldMask(["labels", "spec"]), CancellationToken.None));
    }

    private async Task DeleteContainerAsync()
    {
        if (Pick("container ") is { } key)
        {
            await Journal.DoAsync(
                new Operation("delete container", [(key, null)]),
                () => _scope.Containers.DeleteAsync(key["container ".Length..], CancellationToken.None));
        }
    }

    private async Task CreateLeaseAsync()
    {
        if (Having("lease ").Count >= MaxObjects)
        {
            return;
        }

        string lease = NewName("lease");
        string key = $"lease {lease}";
        Dictionary<string, string> labels = NewLabels(keep: false);
        await Journal.DoAsync(
            new Operation("create lease", [(key, Observer.Lease(labels, []))]),
            () => _scope.Leases.CreateAsync(lease, labels, CancellationToken.None));
        if (Pick("content ") is { } content)
        {
            string digest = content["content ".Length..];
            await Journal.DoAsync(
                new Operation("add to lease", [(key, Observer.Lease(labels, [digest]))]),
                () => _scope.Leases.AddResourceAsync(lease, new LeaseResource(digest, "content"), CancellationToken.None));
        }
    }

    private async Task DeleteLeaseAsync()
    {
        if (Pick("lease ") is { } key)
        {
            bool synchronous = _random.Next(2) == 0;
            await Journal.DoAsync(
                new Operation("delete lease", [(key, null)]),
                () => _scope.Leases.DeleteAsync(key["lease ".Length..], synchronous, CancellationToken.None));
        }
    }

    private async Task PrepareSnapshotAsync()
    {
        if (Having("snapshot ").Count < 2 * MaxObjects)
        {
            await PrepareAsync(Snapshotters[_random.Next(Snapshotters.Count)]);
        }
    }

    private async Task<(string Key, string Parent, IReadOnlyList<Mount> Mounts)> PrepareAsync(string snapshotter)
    {
        string prefix = $"snapshot {snapshotter}/";
        List<string> committed = [.. Having(prefix).Where(IsCommitted)];
        string parent = committed.Count == 0 || _random.Next(3) == 0 || (IsQuiet && snapshotter == Copying)
            ? ""
            : committed[_random.Next(committed.Count)][prefix.Length..];
        Dictionary<string, string> labels = NewLabels(keep: true);
        string key = NewName("s");
        IReadOnlyList<Mount> mounts = await Journal.DoAsync(
            new Operation("prepare", [(prefix + key, Observer.Snapshot(SnapshotKind.Active, parent, labels))]),
            () => _scope.Snapshots(snapshotter).PrepareAsync(key, parent, labels, CancellationToken.None));
        if (snapshotter == Copying && _files.TryGetValue(prefix + parent, out string? file))
        {
            // The copy has what its parent has.
            int space = file.IndexOf(' ', StringComparison.Ordinal);
            string copy = Path.Combine(mounts[0].Source, Path.GetFileName(file[..space]));
            _files[prefix + key] = Path.GetRelativePath(root, copy) + file[space..];
        }

        return (key, parent, mounts);
    }

    private async Task CommitSnapshotAsync()
    {
        if (Having("snapshot ").Count >= 2 * MaxObjects)
        {
            await RemoveSnapshotAsync();
            return;
        }

        string snapshotter = Snapshotters[_random.Next(Snapshotters.Count)];
        (string key, string parent, IReadOnlyList<Mount> mounts) = await PrepareAsync(snapshotter);
        string directory = mounts[0].Options.FirstOrDefault(o => o.StartsWith("upperdir=", StringComparison.Ordinal))
            ?["upperdir=".Length..] ?? mounts[0].Source;
        string path = Path.Combine(directory, key);
        string text = Convert.ToHexString(NewBytes(_random.Next(1, 5000)));
        await File.WriteAllTextAsync(path, text);
        string committed = NewName("layer");
        Dictionary<string, string> labels = NewLabels(keep: true);
        string prefix = $"snapshot {snapshotter}/";
        await Journal.DoAsync(
            new Operation(
                "commit snapshot",
                [
                    (prefix + key, null),
                    (prefix + committed, Observer.Snapshot(SnapshotKind.Committed, parent, labels)),
                ]),
            () => _scope.Snapshots(snapshotter).CommitAsync(committed, key, "", labels, CancellationToken.None));
        _files[prefix + committed] = $"{Path.GetRelativePath(root, path)} {text}";
    }

    private async Task RemoveSnapshotAsync()
    {
        if (Pick("snapshot ") is not { } key)
        {
            return;
        }

        string rest = key["snapshot ".Length..];
        string snapshotter = rest[..rest.IndexOf('/', StringComparison.Ordinal)];
        string own = rest[(snapshotter.Length + 1)..];
        bool isParent = Having($"snapshot {snapshotter}/")
            .Any(other => Journal.View().Acknowledged[other]!.Contains($" on {own} ", StringComparison.Ordinal));
        if (!isParent)
        {
            await Journal.DoAsync(
                new Operation("remove snapshot", [(key, null)]),
                () => _scope.Snapshots(snapshotter).RemoveAsync(own, CancellationToken.None));
        }
    }

    private bool IsCommitted(string key) =>
        Journal.View().Acknowledged[key]!.StartsWith(nameof(SnapshotKind.Committed), StringComparison.Ordinal);

    private async Task MakeGarbageAsync()
    {
        byte[] data = NewBytes(_random.Next(1, MaxBlob / 4));
        await WriteAsync(
            data,
            Digest.OfBytes(data),
            new Dictionary<string, string>(StringComparer.Ordinal) { [Observer.Garbage] = "yes" });
    }

    private byte[] NewBytes(int count)
    {
        byte[] bytes = new byte[count];
        _random.NextBytes(bytes);
        Encoding.UTF8.GetBytes(name).AsSpan(0, Math.Min(count, name.Length)).CopyTo(bytes);
        return bytes;
    }
}
