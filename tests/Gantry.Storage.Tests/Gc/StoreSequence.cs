using System.Globalization;
using System.Text;
using Gantry.Core.Collection;
using Gantry.Core.Containers;
using Gantry.Core.Errors;
using Gantry.Core.Images;
using Gantry.Core.Leases;
using Gantry.Core.Metadata;
using Gantry.Core.Namespaces;
using Gantry.Core.Snapshots;
using Gantry.Oci.Image;
using Xunit;
using static Gantry.Storage.Tests.TestStore;

namespace Gantry.Storage.Tests.Gc;

/// <summary>One sequence of random operations, done to a store and to the model, which are compared after each.</summary>
internal sealed class StoreSequence : IAsyncDisposable
{
    private const int Names = 12;
    private const string Snapshotter = "overlayfs";

    private readonly Random _random;
    private readonly TestStore _store;
    private readonly StoreModel _model = new();
    private readonly StringBuilder _trace = new();

    private StoreSequence(int seed, TestStore store)
    {
        _random = new Random(seed);
        _store = store;
        _trace.AppendLine(CultureInfo.InvariantCulture, $"GANTRY_PROPERTY_SEED={seed}");
    }

    public static async Task<StoreSequence> OpenAsync(int seed) => new(seed, await OpenStoreAsync());

    public async Task RunAsync(int operations)
    {
        for (int i = 0; i < operations; i++)
        {
            try
            {
                await StepAsync();
                await CompareAsync();
            }
            catch (Exception e) when (e is not Xunit.Sdk.IAssertionException)
            {
                throw new InvalidOperationException($"{e.Message}\n{_trace}", e);
            }
        }
    }

    public ValueTask DisposeAsync() => _store.DisposeAsync();

    private static Task<TestStore> OpenStoreAsync() => TestStore.OpenAsync();

    private static Digest DigestOf(string name) => Digest.OfBytes(Encoding.UTF8.GetBytes(name));

    /// <summary>A label that refers to another object, made of the label's beginning and the object's name.</summary>
    private static (string Key, string Value) Refer(string prefix, string other, int number) => other[0] switch
    {
        'B' => ($"{prefix}.content.{number}", DigestOf(other).ToString()),
        'S' => ($"{prefix}.snapshot.{Snapshotter}/{number}", other),
        _ => ($"{prefix}.image.{number}", other),
    };

    private async Task StepAsync()
    {
        switch (_random.Next(20))
        {
            case < 4:
                await MakeBlobAsync();
                break;
            case < 8:
                await MakeSnapshotAsync();
                break;
            case < 10:
                await MakeImageAsync();
                break;
            case < 12:
                await MakeLeaseAsync();
                break;
            case 12:
                await MakeContainerAsync();
                break;
            case 13:
                await ListInLeaseAsync();
                break;
            case < 17:
                await RemoveAsync();
                break;
            case 17:
                Say("an hour passes");
                _store.Time.Advance(TimeSpan.FromHours(1));
                break;
            case 18:
                Say("restart");
                await _store.ReopenAsync();
                break;
            default:
                Say("collect");
                await _store.CollectAsync();
                _model.Collect(_store.Time.GetUtcNow());
                break;
        }
    }

    private async Task MakeBlobAsync()
    {
        string name = Name('B');
        (ModelObject thing, (string, string)[] labels) = MakeLabels(canBeRoot: true);
        string? lease = PickLease();
        Say($"blob {name} under {lease}: {string.Join(' ', labels)}");
        bool exists = _model.Objects.ContainsKey(name);
        await TryAsync(exists, () => PutAsync(Scope(lease).Content, name, labels));
        Made(name, thing, lease, exists);
    }

    private async Task MakeSnapshotAsync()
    {
        string name = Name('S');
        (ModelObject labelled, (string, string)[] labels) = MakeLabels(canBeRoot: true);
        List<string> parents = [.. _model.Names('S').Where(n => _model.Objects[n].IsCommitted)];
        string parent = parents.Count > 0 && _random.Next(3) > 0 ? parents[_random.Next(parents.Count)] : "";
        string? lease = PickLease();
        ISnapshotter snapshots = Scope(lease).Snapshots(Snapshotter);
        bool exists = _model.Objects.ContainsKey(name);
        bool commit = _random.Next(2) == 0;
        Say($"snapshot {name} on {parent} under {lease}, commit {commit}: {string.Join(' ', labels)}");
        ModelObject thing = new()
        {
            IsRoot = labelled.IsRoot,
            IsCommitted = commit,
            Parent = parent,
            References = labelled.References,
        };
        thing.BackReferences.UnionWith(labelled.BackReferences);
        thing.Parts.UnionWith(parent.Length > 0 ? [parent] : []);
        if (commit && !exists)
        {
            await snapshots.PrepareAsync("tmp", parent, NoLabels, Token);
            await snapshots.CommitAsync(name, "tmp", "", Label(labels), Token);
        }
        else
        {
            await TryAsync(exists, () => snapshots.PrepareAsync(name, parent, Label(labels), Token));
        }

        Made(name, thing, lease, exists);
    }

    private async Task MakeImageAsync()
    {
        string name = Name('I');
        string target = Name('B');
        (ModelObject labelled, (string, string)[] labels) = MakeLabels(canBeRoot: false);
        (DateTimeOffset expiry, (string, string)[] expire) = MakeExpiry();
        string? lease = PickLease();
        bool exists = _model.Objects.ContainsKey(name);
        Say($"image {name} of {target} until {expiry:O} under {lease}: {string.Join(' ', labels)}");
        ModelObject thing = new() { Expiry = expiry, References = labelled.References };
        thing.BackReferences.UnionWith(labelled.BackReferences);
        thing.Parts.Add(target);
        ImageRecord image = Image(name, DigestOf(target), [.. labels, .. expire]);
        await TryAsync(exists, () => Scope(lease).Images.CreateAsync(image, Token));
        if (!exists)
        {
            _model.Objects.Add(name, thing);
            if (lease is not null && expire.Length > 0)
            {
                _model.Objects[lease].References.Add(name);
            }
        }
    }

    private async Task MakeLeaseAsync()
    {
        string name = Name('L');
        (DateTimeOffset expiry, (string, string)[] expire) = MakeExpiry();
        bool flat = _random.Next(3) == 0;
        bool exists = _model.Objects.ContainsKey(name);
        Say($"lease {name} until {expiry:O}, flat {flat}");
        (string, string)[] labels = flat ? [.. expire, ("containerd.io/gc.flat", "1")] : expire;
        await TryAsync(exists, () => _store.Default.Leases.CreateAsync(name, Label(labels), Token));
        _model.Objects.TryAdd(name, new ModelObject { Expiry = expiry, IsFlat = flat });
    }

    private async Task MakeContainerAsync()
    {
        string name = Name('C');
        string snapshot = Name('S');
        bool exists = _model.Objects.ContainsKey(name);
        Say($"container {name} on {snapshot}");
        await TryAsync(exists, () => _store.Default.Containers.CreateAsync(Container(name, Snapshotter, snapshot), Token));
        ModelObject thing = new();
        thing.Parts.Add(snapshot);
        _model.Objects.TryAdd(name, thing);
    }

    private async Task ListInLeaseAsync()
    {
        if (PickLease() is not { } lease)
        {
            return;
        }

        string other = Name("BSI"[_random.Next(3)]);
        LeaseResource resource = other[0] switch
        {
            'B' => new LeaseResource(DigestOf(other).ToString(), "content"),
            'S' => new LeaseResource(other, "snapshots/" + Snapshotter),
            _ => new LeaseResource(other, "images"),
        };
        ModelObject thing = _model.Objects[lease];
        if (thing.References.Contains(other))
        {
            Say($"lease {lease} lets go of {other}");
            await _store.Default.Leases.RemoveResourceAsync(lease, resource, Token);
            thing.References.Remove(other);
        }
        else
        {
            Say($"lease {lease} lists {other}");
            await _store.Default.Leases.AddResourceAsync(lease, resource, Token);
            thing.References.Add(other);
        }
    }

    private async Task RemoveAsync()
    {
        string name = Name("BSILC"[_random.Next(5)]);
        bool exists = _model.Objects.ContainsKey(name);
        bool hasChildren = _model.Objects.Values.Any(o => o.Parent == name);
        Say($"remove {name}");
        INamespaceScope scope = _store.Default;
        ErrorKind? expected = !exists ? ErrorKind.NotFound
            : name[0] == 'S' && hasChildren ? ErrorKind.FailedPrecondition
            : null;
        Task Remove() => name[0] switch
        {
            'B' => scope.Content.DeleteAsync(DigestOf(name), Token),
            'S' => scope.Snapshots(Snapshotter).RemoveAsync(name, Token),
            'I' => scope.Images.DeleteAsync(name, synchronous: false, null, Token),
            'L' => scope.Leases.DeleteAsync(name, synchronous: false, Token),
            _ => scope.Containers.DeleteAsync(name, Token),
        };
        if (expected is { } kind)
        {
            await FailsAsync(kind, Remove);
            return;
        }

        await Remove();
        _model.Objects.Remove(name);
    }

    private async Task CompareAsync()
    {
        SortedSet<string> actual = new(StringComparer.Ordinal);
        Dictionary<Digest, string> blobs = Enumerable.Range(0, Names).ToDictionary(i => DigestOf($"B{i}"), i => $"B{i}");
        await foreach (Core.Content.ContentInfo info in _store.Default.Content.ListAsync([], Token))
        {
            actual.Add(blobs[info.Digest]);
            Assert.True(_store.HasFile(info.Digest), $"{blobs[info.Digest]} has no file\n{_trace}");
        }

        int snapshots = 0;
        await foreach (SnapshotInfo info in _store.Default.Snapshots(Snapshotter).ListAsync([], Token))
        {
            actual.Add(info.Name);
            snapshots++;
        }

        foreach (ImageRecord image in await _store.Default.Images.ListAsync([], Token))
        {
            actual.Add(image.Name);
        }

        foreach (Lease lease in await _store.Default.Leases.ListAsync([], Token))
        {
            actual.Add(lease.Id);
        }

        foreach (ContainerRecord container in await _store.Default.Containers.ListAsync([], Token))
        {
            actual.Add(container.Id);
        }

        string expected = string.Join(' ', _model.Objects.Keys.Order(StringComparer.Ordinal));
        if (expected != string.Join(' ', actual))
        {
            string why = await ExplainAsync(actual.Except(_model.Objects.Keys, StringComparer.Ordinal));
            Assert.Fail($"expected {expected}\nactual   {string.Join(' ', actual)}\n{why}\n{_trace}");
        }

        Assert.True(snapshots == _store.Driver.Ids.Count, $"{snapshots} snapshots, {_store.Driver.Ids.Count} directories\n{_trace}");
    }

    private async Task<string> ExplainAsync(IEnumerable<string> names)
    {
        StringBuilder text = new();
        foreach (string name in names)
        {
            Explanation explanation = await _store.Store.Collector.ExplainAsync(
                Namespace.Default,
                name[0] == 'B' ? DigestOf(name).ToString() : name,
                name[0] == 'S' ? Snapshotter : "",
                Token);
            text.AppendLine(CultureInfo.InvariantCulture, $"{name}: {explanation.Summary}")
                .AppendLine(string.Join('\n', explanation.Chain));
        }

        return text.ToString();
    }

    private void Made(string name, ModelObject thing, string? lease, bool existed)
    {
        if (!existed)
        {
            _model.Objects[name] = thing;
        }

        if (lease is not null)
        {
            _model.Objects[lease].References.Add(name);
        }
    }

    private static async Task TryAsync(bool exists, Func<Task> make)
    {
        if (exists)
        {
            await FailsAsync(ErrorKind.AlreadyExists, make);
        }
        else
        {
            await make();
        }
    }

    /// <summary>Labels that refer to some objects, there or not, and the model's object that has them.</summary>
    private (ModelObject Thing, (string Key, string Value)[] Labels) MakeLabels(bool canBeRoot)
    {
        bool root = canBeRoot && _random.Next(6) == 0;
        ModelObject thing = new() { IsRoot = root };
        List<(string, string)> labels = root ? [("containerd.io/gc.root", "1")] : [];
        for (int i = _random.Next(3); i > 0; i--)
        {
            string other = Name("BSI"[_random.Next(3)]);
            if (_random.Next(4) == 0)
            {
                thing.BackReferences.Add(other);
                labels.Add(Refer("containerd.io/gc.bref", other, i));
            }
            else
            {
                thing.References.Add(other);
                labels.Add(Refer("containerd.io/gc.ref", other, i));
            }
        }

        return (thing, [.. labels]);
    }

    private (DateTimeOffset Expiry, (string, string)[] Labels) MakeExpiry()
    {
        if (_random.Next(2) == 0)
        {
            return (DateTimeOffset.MaxValue, []);
        }

        DateTimeOffset expiry = _store.Time.GetUtcNow().AddMinutes(_random.Next(-60, 180));
        return (expiry, [("containerd.io/gc.expire", expiry.ToString("O", CultureInfo.InvariantCulture))]);
    }

    private string Name(char kind) => string.Create(CultureInfo.InvariantCulture, $"{kind}{_random.Next(Names)}");

    private string? PickLease()
    {
        List<string> leases = _model.Names('L');
        return leases.Count == 0 || _random.Next(2) == 0 ? null : leases[_random.Next(leases.Count)];
    }

    private INamespaceScope Scope(string? lease) => lease is null ? _store.Default : _store.Under(lease);

    private void Say(string what) => _trace.AppendLine(what);
}
