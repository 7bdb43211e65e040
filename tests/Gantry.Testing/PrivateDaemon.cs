using System.Collections.Immutable;
using System.Diagnostics;
using System.Globalization;
using System.Net.Sockets;
using System.Runtime.InteropServices;
using System.Text;
using CliWrap;
using CliWrap.Buffered;
using Gantry.Linux.Mounts;
using Xunit;

namespace Gantry.Testing;

/// <summary>
/// A daemon with a root, state and socket of its own. Containers and shims outlive it, as they should: a test removes
/// what it makes, and <see cref="Leftovers"/> tells what it forgot.
/// </summary>
public abstract partial class PrivateDaemon : IAsyncDisposable
{
    private const int SIGKILL = 9;
    private const int SIGTERM = 15;
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(60);
    private static readonly TimeSpan LingerLimit = TimeSpan.FromSeconds(10);

    private readonly TempDirectory? _own;
    private readonly TempDirectory _directory;
    private readonly StringBuilder _log = new();
    private CommandTask<CommandResult>? _run;

    /// <summary>Makes one that has directories of its own, or those of another.</summary>
    /// <param name="other">The other, which is stopped and outlives this one; null for none.</param>
    protected PrivateDaemon(PrivateDaemon? other = null)
    {
        _own = other is null ? new TempDirectory() : null;
        _directory = other?._directory ?? _own!;
    }

    /// <summary>Where all that it has is.</summary>
    public string Home => _directory.Path;

    /// <summary>Its root directory.</summary>
    public string Root => _directory["root"];

    /// <summary>Its state directory.</summary>
    public string State => _directory["state"];

    /// <summary>The path of its socket.</summary>
    public string Address => _directory["c.sock"];

    /// <summary>Its process id; 0 when it does not run.</summary>
    public int ProcessId => _run?.ProcessId ?? 0;

    /// <summary>What it has logged.</summary>
    public string Log
    {
        get
        {
            lock (_log)
            {
                return _log.ToString();
            }
        }
    }

    /// <summary>Starts it and returns when it answers.</summary>
    public async Task StartAsync(CancellationToken cancellationToken)
    {
        Assert.Null(_run);
        (string program, IReadOnlyList<string> arguments) = await CommandAsync(cancellationToken);
        _run = Cli.Wrap(program)
            .WithArguments(arguments)
            .WithStandardErrorPipe(PipeTarget.ToDelegate(OnLine))
            .WithStandardOutputPipe(PipeTarget.ToDelegate(OnLine))
            .WithValidation(CommandResultValidation.None)
            .ExecuteAsync(CancellationToken.None);
        using CancellationTokenSource limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        limit.CancelAfter(Limit);
        while (!await AnswersAsync(limit.Token))
        {
            if (_run.Task.IsCompleted)
            {
                _run = null;
                Assert.Fail($"{program} ended at once:\n{Log}");
            }

            await Task.Delay(TimeSpan.FromMilliseconds(20), limit.Token);
        }
    }

    /// <summary>Stops it with SIGTERM and returns when it is gone.</summary>
    /// <returns>Its exit code.</returns>
    public Task<int> StopAsync() => EndAsync(SIGTERM);

    /// <summary>Stops it with SIGKILL and returns when it is gone.</summary>
    public Task<int> KillAsync() => EndAsync(SIGKILL);

    /// <summary>Runs Debian's ctr against it.</summary>
    public Task<BufferedCommandResult> CtrAsync(params IReadOnlyList<string> arguments) =>
        RunAsync("ctr", arguments, null);

    /// <summary>Runs ctr, which must succeed, and returns what it printed.</summary>
    public async Task<string> CtrOkAsync(params IReadOnlyList<string> arguments)
    {
        BufferedCommandResult result = await CtrAsync(arguments);
        Assert.True(
            result.ExitCode == 0,
            $"ctr {string.Join(' ', arguments)}: exit {result.ExitCode}\n{result.StandardOutput}{result.StandardError}\n{Tail()}");
        return result.StandardOutput;
    }

    /// <summary>Runs a program whose environment points at this daemon.</summary>
    /// <param name="program">A program on the PATH, or a path.</param>
    /// <param name="arguments">Its arguments.</param>
    /// <param name="environment">More environment; may be null.</param>
    /// <param name="patience">How long it may take; null for three minutes.</param>
    public async Task<BufferedCommandResult> RunAsync(
        string program,
        IReadOnlyList<string> arguments,
        IReadOnlyDictionary<string, string?>? environment,
        TimeSpan? patience = null)
    {
        using CancellationTokenSource limit = new(patience ?? TimeSpan.FromMinutes(3));
        return await Cli.Wrap(program.Contains('/', StringComparison.Ordinal) ? program : Needs.Program(program))
            .WithArguments(arguments)
            .WithEnvironmentVariables(e =>
            {
                e.Set("CONTAINERD_ADDRESS", Address).Set("GANTRY_ADDRESS", Address);
                foreach ((string key, string? value) in environment ?? ImmutableDictionary<string, string?>.Empty)
                {
                    e.Set(key, value);
                }
            })
            .WithValidation(CommandResultValidation.None)
            .ExecuteBufferedAsync(limit.Token);
    }

    /// <summary>
    /// What this daemon, its shims and its containers have left on the machine. What is about to end has some seconds to.
    /// </summary>
    /// <param name="expected">Tells what may stay; null for nothing.</param>
    public async Task<IReadOnlyList<string>> LeftoversAsync(Func<string, bool>? expected = null)
    {
        long started = Stopwatch.GetTimestamp();
        while (true)
        {
            IReadOnlyList<string> found = [.. Leftovers().Where(left => expected is null || !expected(left))];
            if (found.Count == 0 || Stopwatch.GetElapsedTime(started) > LingerLimit)
            {
                return found;
            }

            await Task.Delay(TimeSpan.FromMilliseconds(50), TestContext.Current.CancellationToken);
        }
    }

    /// <summary>The ingests that are on disk, each as <see cref="LeftoversAsync"/> shows it.</summary>
    public IEnumerable<string> Ingests()
    {
        string ingests = Path.Combine(Root, "io.containerd.content.v1.content", "ingest");
        return Directory.Exists(ingests) ? Directory.EnumerateDirectories(ingests).Select(path => "ingest " + path) : [];
    }

    /// <summary>The number of open file descriptors.</summary>
    public int FileDescriptors() => Directory.EnumerateFileSystemEntries($"/proc/{ProcessId}/fd").Count();

    /// <summary>The last lines of its log, for messages.</summary>
    public string Tail()
    {
        string[] lines = Log.Split('\n');
        return "log:\n" + string.Join('\n', lines[Math.Max(0, lines.Length - 25)..]);
    }

    /// <inheritdoc/>
    public virtual async ValueTask DisposeAsync()
    {
        if (_run is not null)
        {
            await StopAsync();
        }

        if (_own is not null)
        {
            // After a failure there may be mounts; the failure is what is to be told then.
            foreach (MountInfo mount in MountInfo.ReadBelow(_own.Path).Reverse())
            {
                MountCalls.Unmount(mount.MountPoint, UnmountFlags.MNT_DETACH);
            }

            _own.Dispose();
        }

        GC.SuppressFinalize(this);
    }

    /// <summary>The program and arguments that start it.</summary>
    protected abstract Task<(string Program, IReadOnlyList<string> Arguments)> CommandAsync(
        CancellationToken cancellationToken);

    private List<string> Leftovers()
    {
        List<string> found = [];
        foreach (string directory in Directory.EnumerateDirectories("/proc"))
        {
            if (int.TryParse(Path.GetFileName(directory), NumberStyles.None, CultureInfo.InvariantCulture, out int pid)
                && pid != ProcessId && CommandLine(directory) is { } line
                && line.Contains(Home, StringComparison.Ordinal))
            {
                found.Add($"process {pid}: {line}");
            }
        }

        found.AddRange(File.ReadLines("/proc/self/mountinfo")
            .Where(line => line.Contains(Home, StringComparison.Ordinal))
            .Select(line => "mount " + line.Split(' ')[4]));
        string bundles = Path.Combine(State, "io.containerd.runtime.v2.task");
        if (Directory.Exists(bundles))
        {
            found.AddRange(Directory.EnumerateDirectories(bundles)
                .SelectMany(Directory.EnumerateDirectories)
                .Select(path => "bundle " + path));
        }

        found.AddRange(Ingests());
        return found;
    }

    private static string? CommandLine(string processDirectory)
    {
        try
        {
            return File.ReadAllText(Path.Combine(processDirectory, "cmdline")).Replace('\0', ' ');
        }
        catch (IOException)
        {
            // The process has ended meanwhile.
            return null;
        }
    }

    [LibraryImport("libc", EntryPoint = "kill")]
    private static partial int Kill(int pid, int signal);

    private void OnLine(string line)
    {
        lock (_log)
        {
            _log.AppendLine(line);
        }
    }

    private async Task<int> EndAsync(int signal)
    {
        Assert.NotNull(_run);
        Assert.Equal(0, Kill(_run.ProcessId, signal));
        CommandResult result = await _run.Task.WaitAsync(Limit);
        _run = null;
        return result.ExitCode;
    }

    private async Task<bool> AnswersAsync(CancellationToken cancellationToken)
    {
        try
        {
            using Socket socket = new(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
            await socket.ConnectAsync(new UnixDomainSocketEndPoint(Address), cancellationToken);
        }
        catch (SocketException)
        {
            return false;
        }

        return (await RunAsync("ctr", ["version"], null)).ExitCode == 0;
    }
}
