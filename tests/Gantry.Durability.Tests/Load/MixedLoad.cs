using Gantry.Client;
using Gantry.Core.Maintenance;
using Gantry.Core.Namespaces;
using Gantry.Testing;
using Xunit;

namespace Gantry.Durability.Tests.Load;

/// <summary>Several clients at once on one daemon, and the check afterwards of what each was told.</summary>
internal sealed class MixedLoad : IDisposable
{
    private const int Workers = 4;
    private static readonly TimeSpan WaitLimit = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan CleanLimit = TimeSpan.FromSeconds(60);

    private readonly List<Worker> _workers;
    private readonly Puller _puller;
    private CancellationTokenSource _stop = new();
    private Task _running = Task.CompletedTask;

    public MixedLoad(string root, string socket, IReadOnlyList<string> images, int seed)
    {
        _workers = [.. Enumerable.Range(1, Workers).Select(i => new Worker(root, socket, $"w{i}", seed + i))];
        _puller = new Puller(socket, images, seed);
    }

    /// <summary>How many operations were acknowledged.</summary>
    public int Acknowledged => _workers.Sum(worker => worker.Journal.Count) + _puller.Journal.Count;

    /// <summary>How many pulls and removals of images were.</summary>
    public int Pulls => _puller.Journal.Count;

    /// <summary>Begins the load.</summary>
    public void Start()
    {
        _stop = new CancellationTokenSource();
        _running = Task.WhenAll([
            .. _workers.Select(worker => Task.Run(() => worker.RunAsync(_stop.Token))),
            Task.Run(() => _puller.RunAsync(_stop.Token)),
        ]);
    }

    /// <summary>Returns some time after some more operations were acknowledged, or when no more come.</summary>
    public async Task WaitAsync(int operations, TimeSpan more, CancellationToken cancellationToken)
    {
        int wanted = Acknowledged + operations;
        await UntilAsync(() => Acknowledged >= wanted, cancellationToken);
        await Task.Delay(more, cancellationToken);
    }

    /// <summary>Returns when all clients have ended: told to, or because the daemon is gone.</summary>
    public async Task EndAsync()
    {
        await _stop.CancelAsync();
        await _running;
        _stop.Dispose();
    }

    /// <summary>
    /// Leaves out pulls and commits of snapshots, which sync the whole filesystem, and returns when none is under way and
    /// more has been acknowledged since: what is there then is there by syncs of its own.
    /// </summary>
    public async Task BeQuietAsync(int operations, CancellationToken cancellationToken)
    {
        foreach (Worker worker in _workers)
        {
            worker.IsQuiet = true;
        }

        await _puller.Turn.WaitAsync(cancellationToken);
        await UntilAsync(
            () => !View().SelectMany(view => view.Pending).Any(operation => operation.Name == "commit snapshot"),
            cancellationToken);
        await WaitAsync(operations, TimeSpan.FromMilliseconds(5), cancellationToken);
    }

    /// <summary>Ends the quiet.</summary>
    public void BeLoud()
    {
        foreach (Worker worker in _workers)
        {
            worker.IsQuiet = false;
        }

        _puller.Turn.Release();
    }

    public void Dispose()
    {
        _stop.Dispose();
        _puller.Dispose();
    }

    /// <summary>Looks again with each operation that is acknowledged, until it is so, no more come, or time is up.</summary>
    private async Task UntilAsync(Func<bool> isSo, CancellationToken cancellationToken)
    {
        using CancellationTokenSource limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        limit.CancelAfter(WaitLimit);
        while (!limit.IsCancellationRequested && !_running.IsCompleted)
        {
            Task[] next = [_running, _puller.Journal.Next, .. _workers.Select(worker => worker.Journal.Next)];
            if (isSo())
            {
                return;
            }

            await ((Task)Task.WhenAny(next).WaitAsync(limit.Token)).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }

        cancellationToken.ThrowIfCancellationRequested();
    }

    /// <summary>What each client knows now.</summary>
    public IReadOnlyList<JournalView> View() => [.. _workers.Select(w => w.Journal.View()), _puller.Journal.View()];

    /// <summary>Holds what a daemon has against what the clients knew, and takes what it has as what is.</summary>
    /// <param name="daemon">The daemon, started again.</param>
    /// <param name="views">What the clients knew.</param>
    /// <param name="settle">Whether the load goes on with this daemon.</param>
    /// <param name="where">What to say where it happened.</param>
    public async Task VerifyAsync(
        GantryDaemon daemon,
        IReadOnlyList<JournalView> views,
        bool settle,
        string where)
    {
        CancellationToken token = TestContext.Current.CancellationToken;
        await using GantryClient client = new(new GantryClientOptions { SocketPath = daemon.Address });
        List<string> problems = [];
        for (int i = 0; i < _workers.Count; i++)
        {
            IReadOnlyDictionary<string, string?> seen =
                await new Observer(client.In(Namespace.Parse(_workers[i].Name)), token).SeeAsync();
            Compare(views[i], seen, problems);
            CompareFiles(_workers[i], seen, daemon.Root, problems);
            if (settle)
            {
                _workers[i].Journal.Settle(seen);
            }
        }

        IReadOnlyDictionary<string, string?> images = await _puller.SeeAsync(client, daemon.Root, token);
        Compare(views[^1], images, problems);
        if (settle)
        {
            _puller.Journal.Settle(images);
        }

        problems.AddRange(await DoctorAsync(client, token));
        Assert.True(problems.Count == 0, $"{where}:\n{string.Join('\n', problems)}\n{daemon.Tail()}");
    }

    private static void Compare(
        JournalView view,
        IReadOnlyDictionary<string, string?> seen,
        List<string> problems)
    {
        HashSet<string> open = [.. view.Pending.SelectMany(o => o.Changes).Select(c => c.Key)];
        foreach ((string key, string? state) in view.Acknowledged)
        {
            if (!open.Contains(key) && seen.GetValueOrDefault(key) != state)
            {
                problems.Add($"{key}: is «{seen.GetValueOrDefault(key)}», acknowledged was «{state}»");
            }
        }

        foreach (Operation operation in view.Pending)
        {
            bool done = operation.Changes.All(c => seen.GetValueOrDefault(c.Key) == c.State);
            bool undone = operation.Changes.All(
                c => seen.GetValueOrDefault(c.Key) == view.Acknowledged.GetValueOrDefault(c.Key));
            if (!done && !undone)
            {
                string changes = string.Join(
                    "; ",
                    operation.Changes.Select(c =>
                        $"{c.Key}: is «{seen.GetValueOrDefault(c.Key)}», was «{view.Acknowledged.GetValueOrDefault(c.Key)}», "
                        + $"was to be «{c.State}»"));
                problems.Add($"half done: {operation.Name}: {changes}");
            }
        }

        IReadOnlySet<string> known = view.Keys;
        problems.AddRange(seen.Where(p => p.Value is not null && !known.Contains(p.Key))
            .Select(p => $"{p.Key}: is «{p.Value}», and nobody asked for it"));
    }

    /// <summary>What was in a snapshot when it was committed is in it.</summary>
    private static void CompareFiles(
        Worker worker,
        IReadOnlyDictionary<string, string?> seen,
        string root,
        List<string> problems)
    {
        foreach ((string snapshot, string file) in worker.Files)
        {
            int space = file.IndexOf(' ', StringComparison.Ordinal);
            string path = Path.Combine(root, file[..space]);
            if (seen.GetValueOrDefault(snapshot) is not null
                && (!File.Exists(path) || File.ReadAllText(path) != file[(space + 1)..]))
            {
                problems.Add($"{snapshot}: file {path} is not as it was committed or copied");
            }
        }
    }

    /// <summary>Collects, and lets the doctor look until nothing is wrong: the start's own clean-up may be at work.</summary>
    private static async Task<List<string>> DoctorAsync(GantryClient client, CancellationToken cancellationToken)
    {
        using CancellationTokenSource limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        limit.CancelAfter(CleanLimit);
        NamespaceClient scope = client.In(Namespace.Parse("gc"));
        List<string> open = [];
        for (int i = 0; i < 5; i++)
        {
            await scope.Leases.CreateAsync("now", new Dictionary<string, string>(), limit.Token);
            await scope.Leases.DeleteAsync("now", synchronous: true, limit.Token);
            open.Clear();
            await client.Maintenance.CheckAsync(
                new CheckOptions(),
                finding =>
                {
                    if (finding.IsOpen)
                    {
                        open.Add(FindingText.ForPeople(finding));
                    }

                    return Task.CompletedTask;
                },
                limit.Token);
            if (open.Count == 0)
            {
                break;
            }
        }

        return open;
    }
}
