using System.Diagnostics;
using System.Runtime.InteropServices;
using System.Text;
using System.Text.Json;
using Gantry.Core.Errors;
using Gantry.Core.Tracing;
using Gantry.Linux;
using Gantry.Linux.Io;
using Gantry.Linux.Processes;
using Gantry.Shim.Bundles;
using Microsoft.Win32.SafeHandles;

namespace Gantry.Shim.Executor;

/// <summary>
/// The program that makes the processes of containers, driven by its command line, which crun and runc share.
/// </summary>
internal sealed class OciRuntime
{
    private const int OutputLimit = 16 * 1024;

    private const string Preferred = "crun";
    private const string Second = "runc";
    private const string DefaultVariable = "GANTRY_EXECUTOR";

    /// <summary>Where cgroups of version 2 are beside those of version 1.</summary>
    private const string UnifiedOfHybrid = "/sys/fs/cgroup/unified";

    private readonly string? _binary;
    private readonly string _shown;
    private readonly RuntimeLog _log;
    private readonly string _root;
    private readonly string[] _global;
    private readonly string? _hidden;
    private readonly IReadOnlyList<string> _environment = Spawn.EnvironmentWith(
        new Dictionary<string, string?>(StringComparer.Ordinal) { ["NOTIFY_SOCKET"] = null });

    /// <summary>Prepares to drive a runtime.</summary>
    /// <param name="options">Which one, and how.</param>
    /// <param name="stateDirectory">The daemon's directory of state.</param>
    /// <param name="ns">The containers' namespace: each has runtime state of its own.</param>
    /// <param name="bundle">The container's bundle, where the runtime's log is.</param>
    public OciRuntime(RuntimeOptions options, string stateDirectory, string ns, string bundle)
    {
        string wanted = Wanted(options.BinaryName);
        _binary = FindBinary(wanted);
        Name = _binary ?? (wanted.Length > 0 ? wanted : Preferred);
        _shown = wanted.Length > 0 ? wanted : Path.GetFileName(Name);
        _hidden = HiddenFrom(Name);
        _log = new RuntimeLog(Path.Combine(bundle, BundleFiles.RuntimeLog));
        _root = Path.Combine(options.Root.Length > 0 ? options.Root : Path.Combine(stateDirectory, "runc"), ns);
        _global =
        [
            "--root", _root, "--log", _log.FilePath, "--log-format", "json",
            .. options.SystemdCgroup ? (string[])["--systemd-cgroup"] : [],
        ];
    }

    /// <summary>The path of the program, or its name if there is none.</summary>
    public string Name { get; }

    /// <summary>What is to be known of the choice.</summary>
    public string Choice => (_binary, _hidden) switch
    {
        (null, _) => $"no OCI runtime {Name}",
        (_, null) => $"OCI runtime {_binary}",
        _ => $"OCI runtime {_binary}, which does not see {_hidden}",
    };

    /// <summary>Finds the program of a runtime.</summary>
    /// <param name="name">Its name or path; empty for the usual one.</param>
    public static string? FindBinary(string name) =>
        Wanted(name) is { Length: > 0 } wanted ? Spawn.Find(wanted) : Spawn.Find(Preferred) ?? Spawn.Find(Second);

    /// <summary>
    /// The options for a container that is restored: unless somebody has chosen, runc does that, since not every crun can.
    /// </summary>
    /// <param name="options">The options as they came.</param>
    public static RuntimeOptions ForRestore(RuntimeOptions options) =>
        Wanted(options.BinaryName).Length == 0 && Spawn.Find(Second) is { } runc
            ? options with { BinaryName = runc }
            : options;

    /// <summary>What the runtime says of a container: <c>created</c>, <c>running</c>, <c>paused</c>, <c>stopped</c>.</summary>
    /// <param name="id">The container.</param>
    /// <param name="limit">When that is given up.</param>
    /// <returns>Its state; empty when the runtime does not say.</returns>
    public async Task<string> StatusAsync(string id, CancellationToken limit)
    {
        (SafeFileHandle reader, SafeFileHandle writer) = Descriptors.CreatePipe();
        using (reader)
        {
            using (writer)
            {
                Descriptors.SetNonBlocking(writer);
                Dictionary<int, SafeHandle> output = new() { [1] = writer };
                return await RunAsync(["state", id], output, writer.Dispose, output: null, limit) is null
                    ? StatusIn(ReadBytes(reader))
                    : "";
            }
        }
    }

    /// <summary>Removes what is left of the state of a container that the runtime does not know any more.</summary>
    /// <param name="id">The container.</param>
    public void RemoveState(string id)
    {
        string directory = Path.Combine(_root, id);
        if (Directory.Exists(directory))
        {
            Directory.Delete(directory, recursive: true);
        }
    }

    /// <summary>Runs a command.</summary>
    /// <param name="arguments">Its name and arguments.</param>
    /// <param name="limit">When it is killed, with all that it has started.</param>
    /// <returns>Why it failed, or null.</returns>
    public async Task<RuntimeFailure?> RunAsync(IReadOnlyList<string> arguments, CancellationToken limit)
    {
        (SafeFileHandle reader, SafeFileHandle writer) = Descriptors.CreatePipe();
        using (reader)
        {
            using (writer)
            {
                Descriptors.SetNonBlocking(writer);
                Dictionary<int, SafeHandle> output = new() { [1] = writer, [2] = writer };
                return await RunAsync(arguments, output, writer.Dispose, reader, limit);
            }
        }
    }

    /// <summary>Runs a command whose descriptors go on to a container's process.</summary>
    /// <param name="arguments">Its name and arguments.</param>
    /// <param name="descriptors">Its descriptors.</param>
    /// <param name="started">Called once it runs, when the caller's copies of them can be closed.</param>
    /// <param name="limit">When it is killed, with all that it has started.</param>
    /// <returns>Why it failed, or null.</returns>
    public Task<RuntimeFailure?> RunAsync(
        IReadOnlyList<string> arguments,
        IReadOnlyDictionary<int, SafeHandle> descriptors,
        Action started,
        CancellationToken limit) =>
        RunAsync(arguments, descriptors, started, output: null, limit);

    // What the client names, or else what the daemon's configuration names.
    private static string Wanted(string name) =>
        name.Length > 0 ? name : Environment.GetEnvironmentVariable(DefaultVariable) ?? "";

    /// <summary>
    /// crun refuses a machine whose controllers are spread over both versions of cgroups ("drop all controllers from
    /// cgroupv2"), though all that it can limit is in version 1 there. It is run where version 2 is not to be seen, and
    /// then works as on a machine that has version 1 alone. runc does not mind.
    /// </summary>
    /// <returns>The mount that it must not see, or null.</returns>
    private static string? HiddenFrom(string program)
    {
        if (!Path.GetFileName(program.AsSpan()).StartsWith(Preferred, StringComparison.Ordinal))
        {
            return null;
        }

        try
        {
            string controllers = File.ReadAllText(Path.Combine(UnifiedOfHybrid, "cgroup.controllers"));
            return controllers.AsSpan().Trim().Length > 0 ? UnifiedOfHybrid : null;
        }
        catch (Exception e) when (e is FileNotFoundException or DirectoryNotFoundException)
        {
            return null;
        }
    }

    private async Task<RuntimeFailure?> RunAsync(
        IReadOnlyList<string> arguments,
        IReadOnlyDictionary<int, SafeHandle> descriptors,
        Action started,
        SafeFileHandle? output,
        CancellationToken limit)
    {
        if (_binary is null)
        {
            started();
            return Failure(0, $"exec: \"{_shown}\": executable file not found in $PATH");
        }

        using Activity? span = Activity.Current is null ? null : Traces.Start($"{_shown} {arguments[0]}");
        long since = _log.Length;
        SpawnedProcess process;
        try
        {
            process = Spawn.Start(new SpawnRequest
            {
                Program = _binary,
                Arguments = [.. _global, .. arguments],
                Environment = _environment,
                Descriptors = descriptors,
                HiddenMount = _hidden,
            });
        }
        catch (LinuxException e)
        {
            return Failure(since, $"fork/exec {_binary}: {e.Message}");
        }
        finally
        {
            started();
        }

        ChildExit exit = await EndAsync(process, arguments[0], limit);
        return exit.Code == 0
            ? null
            : Failure(since, $"{_shown} did not terminate successfully: exit status {exit.Code}{Read(output)}");
    }

    private async Task<ChildExit> EndAsync(SpawnedProcess process, string command, CancellationToken limit)
    {
        try
        {
            return await process.Exit.WaitAsync(limit);
        }
        catch (OperationCanceledException e)
        {
            ProcessTree.Kill(process.Pid);
            await process.Exit;
            throw new GantryException(
                ErrorKind.DeadlineExceeded, $"{_shown} {command} took longer than the caller waits, and was killed", e);
        }
    }

    private RuntimeFailure Failure(long since, string otherwise)
    {
        try
        {
            string last = _log.LastError(since);
            return new RuntimeFailure(last.Length > 0 ? last : otherwise, otherwise);
        }
        catch (FileNotFoundException)
        {
            return Unreadable($"open {_log.FilePath}: no such file or directory", otherwise);
        }
        catch (InvalidDataException)
        {
            return Unreadable($"{_log.FilePath} is not JSON", otherwise);
        }
    }

    private static RuntimeFailure Unreadable(string why, string otherwise) =>
        new($"unable to retrieve OCI runtime error ({why}): {otherwise}", otherwise);

    /// <summary>What the runtime printed; its children may hold the pipe, so its end is not waited for.</summary>
    private static string Read(SafeFileHandle? output)
    {
        if (output is null)
        {
            return "";
        }

        return ": " + Encoding.UTF8.GetString(ReadBytes(output)).Trim();
    }

    private static ReadOnlySpan<byte> ReadBytes(SafeFileHandle output)
    {
        Descriptors.SetNonBlocking(output);
        byte[] buffer = new byte[OutputLimit];
        int count = Descriptors.Read(output, buffer);
        return buffer.AsSpan(0, Math.Max(0, count));
    }

    /// <summary>The status in what <c>state</c> prints, which may be cut off after it.</summary>
    private static string StatusIn(ReadOnlySpan<byte> json)
    {
        try
        {
            Utf8JsonReader reader = new(json, isFinalBlock: false, new JsonReaderState());
            while (reader.Read())
            {
                if (reader.CurrentDepth == 1 && reader.TokenType is JsonTokenType.PropertyName
                    && reader.ValueTextEquals("status"u8) && reader.Read())
                {
                    return reader.TokenType is JsonTokenType.String ? reader.GetString() ?? "" : "";
                }
            }
        }
        catch (JsonException)
        {
            // A runtime that prints something else says nothing of the state.
            return "";
        }

        return "";
    }
}
