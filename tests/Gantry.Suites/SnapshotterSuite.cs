using System.Collections.Immutable;
using Gantry.Core.Errors;
using Gantry.Core.Mounts;
using Gantry.Core.Snapshots;
using Gantry.Testing;
using Xunit;

namespace Gantry.Suites;

/// <summary>
/// What <see cref="ISnapshotter"/> promises, whatever is behind it. Each implementation derives a class; so does the
/// reference, real containerd, where <see cref="IsReference"/> marks what it is known to do otherwise.
/// </summary>
public abstract partial class SnapshotterSuite : IAsyncLifetime
{
    private readonly TempDirectory _work = new();
    private ISnapshotter? _snapshots;

    /// <summary>Whether a snapshot can get its parent at commit.</summary>
    protected virtual bool CanRebase => false;

    /// <summary>Whether it is the reference.</summary>
    protected virtual bool IsReference => false;

    /// <summary>How many layers a deep chain has.</summary>
    protected virtual int Depth => 100;

    /// <summary>No labels.</summary>
    protected static IReadOnlyDictionary<string, string> NoLabels => ImmutableDictionary<string, string>.Empty;

    /// <summary>The token of the test.</summary>
    protected static CancellationToken Token => TestContext.Current.CancellationToken;

    /// <summary>The snapshotter, in a namespace where nothing is yet.</summary>
    protected ISnapshotter Snapshots => _snapshots!;

    /// <inheritdoc/>
    public async ValueTask InitializeAsync()
    {
        Needs.Root();
        _snapshots = await OpenAsync(NewNamespace());
    }

    /// <inheritdoc/>
    public virtual ValueTask DisposeAsync()
    {
        GC.SuppressFinalize(this);
        _work.Dispose();
        return ValueTask.CompletedTask;
    }

    /// <summary>A name that no other test has.</summary>
    protected static string NewNamespace() => $"t{Guid.NewGuid():N}";

    /// <summary>The snapshotter as a namespace sees it, under a lease where what is unused would be collected.</summary>
    /// <param name="ns">The namespace.</param>
    protected abstract Task<ISnapshotter> OpenAsync(string ns);

    /// <summary>Labels of one pair.</summary>
    protected static IReadOnlyDictionary<string, string> Label(params (string Key, string Value)[] labels) =>
        labels.ToDictionary(label => label.Key, label => label.Value, StringComparer.Ordinal);

    /// <summary>Sees to it that something fails as it should.</summary>
    /// <param name="kind">The kind.</param>
    /// <param name="pattern">A pattern that the message matches.</param>
    /// <param name="action">What fails.</param>
    protected static async Task FailsAsync(ErrorKind kind, string pattern, Func<Task> action)
    {
        GantryException error = await Assert.ThrowsAsync<GantryException>(action);
        Assert.Equal(kind, error.Kind);
        Assert.Matches(pattern, error.Message);
    }

    /// <summary>Does something in the mounts of a snapshot.</summary>
    protected void Within(IReadOnlyList<Mount> mounts, Action<MountedDirectory> action)
    {
        using MountedDirectory mounted = new(_work["m"], mounts);
        action(mounted);
    }

    /// <summary>Makes a committed snapshot of what <paramref name="change"/> does to its parent.</summary>
    protected async Task LayerAsync(string name, string parent, Action<MountedDirectory> change)
    {
        Within(await Snapshots.PrepareAsync($"extract {name}", parent, NoLabels, Token), change);
        await Snapshots.CommitAsync(name, $"extract {name}", "", NoLabels, Token);
    }

    /// <summary>Makes an empty committed snapshot.</summary>
    protected Task LayerAsync(string name, string parent = "") => LayerAsync(name, parent, _ => { });

    /// <summary>What is seen in a snapshot.</summary>
    protected async Task<IReadOnlyList<string>> SeenInAsync(string name)
    {
        string key = $"look {Guid.NewGuid():N}";
        IReadOnlyList<string> seen = [];
        Within(await Snapshots.ViewAsync(key, name, NoLabels, Token), mounted => seen = Tree.Describe(mounted.Path));
        await Snapshots.RemoveAsync(key, Token);
        return seen;
    }

    /// <summary>The names that filters find, in order.</summary>
    protected async Task<IReadOnlyList<string>> FindAsync(params string[] filters)
    {
        List<string> names = [];
        await foreach (SnapshotInfo info in Snapshots.ListAsync(filters, Token))
        {
            names.Add(info.Name);
        }

        names.Sort(StringComparer.Ordinal);
        return names;
    }
}
