using System.Runtime.InteropServices;
using System.Text;
using System.Text.Json;
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

    /// <summary>Controllers of cgroup version 2 beside those of version 1.</summary>
    private const string HybridControllers = "/sys/fs/cgroup/unified/cgroup.controllers";

    private readonly string _name;
    private readonly string? _binary;
    private readonly RuntimeLog _log;
    private readonly string _root;
    private readonly string[] _global;
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
        _name = _binary ?? (wanted.Length > 0 ? wanted : Preferred);
        _log = new RuntimeLog(Path.Combine(bundle, BundleFiles.RuntimeLog));
        _root = Path.Combine(options.Root.Length > 0 ? options.Root : Path.Combine(stateDirectory, "runc"), ns);
        _global =
        [
            "--root", _root, "--log", _log.FilePath, "--log-format", "json",
            .. options.SystemdCgroup ? (string[])["--systemd-cgroup"] : [],
        ];
    }

    /// <summary>The name or path of the program.</summary>
    public string Name => _name;

    /// <summary>Finds the program of a runtime.</summary>
    /// <param name="name">Its name or path; empty for the usual one.</param>
    public static string? FindBinary(string name) =>
        Wanted(name) is { Length: > 0 } wanted ? Spawn.Find(wanted)
        : CannotUsePreferred() ? Spawn.Find(Second) ?? Spawn.Find(Preferred)
        : Spawn.Find(Preferred) ?? Spawn.Find(Second);

    // What the client names, or else what the daemon's configuration names.
    private static string Wanted(string name) =>
        name.Length > 0 ? name : Environment.GetEnvironmentVariable(DefaultVariable) ?? "";

    /// <summary>
    /// crun refuses a machine whose controllers are spread over both versions of cgroups. runc does not.
    /// </summary>
    private static bool CannotUsePreferred()
    {
        try
        {
            return File.ReadAllText(HybridControllers).Trim().Length > 0;
        }
        catch (Exception e) when (e is FileNotFoundException or DirectoryNotFoundException)
        {
            return false;
        }
    }

    /// <summary>What the runtime says of a container: <c>created</c>, <c>running</c>, <c>paused</c>, <c>stopped</c>.</summary>
    /// <param name="id">The container.</param>
    /// <returns>Its state; empty when the runtime does not say.</returns>
    public async Task<string> StatusAsync(string id)
    {
        (SafeFileHandle reader, SafeFileHandle writer) = Descriptors.CreatePipe();
        using (reader)
        {
            using (writer)
            {
                Descriptors.SetNonBlocking(writer);
                Dictionary<int, SafeHandle> output = new() { [1] = writer };
                return await RunAsync(["state", id], output, writer.Dispose, output: null) is null
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
    /// <returns>Why it failed, or null.</returns>
    public async Task<RuntimeFailure?> RunAsync(params IReadOnlyList<string> arguments)
    {
        (SafeFileHandle reader, SafeFileHandle writer) = Descriptors.CreatePipe();
        using (reader)
        {
            using (writer)
            {
                Descriptors.SetNonBlocking(writer);
                Dictionary<int, SafeHandle> output = new() { [1] = writer, [2] = writer };
                return await RunAsync(arguments, output, writer.Dispose, reader);
            }
        }
    }

    /// <summary>Runs a command whose descriptors go on to a container's process.</summary>
    /// <param name="arguments">Its name and arguments.</param>
    /// <param name="descriptors">Its descriptors.</param>
    /// <param name="started">Called once it runs, when the caller's copies of them can be closed.</param>
    /// <returns>Why it failed, or null.</returns>
    public Task<RuntimeFailure?> RunAsync(
        IReadOnlyList<string> arguments, IReadOnlyDictionary<int, SafeHandle> descriptors, Action started) =>
        RunAsync(arguments, descriptors, started, output: null);

    private async Task<RuntimeFailure?> RunAsync(
        IReadOnlyList<string> arguments,
        IReadOnlyDictionary<int, SafeHandle> descriptors,
        Action started,
        SafeFileHandle? output)
    {
        if (_binary is null)
        {
            started();
            return Failure(0, $"exec: \"{_name}\": executable file not found in $PATH");
        }

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

        ChildExit exit = await process.Exit;
        if (exit.Code == 0)
        {
            return null;
        }

        string status = exit.Signal == 0 ? $"exit status {exit.Code}" : $"signal {exit.Signal}";
        return Failure(since, $"{_name} did not terminate successfully: {status}: {Read(output)}");
    }

    private RuntimeFailure Failure(long since, string otherwise)
    {
        try
        {
            string last = _log.LastError(since);
            return new RuntimeFailure(last.Length > 0 ? last : otherwise);
        }
        catch (FileNotFoundException)
        {
            return new RuntimeFailure(
                $"unable to retrieve OCI runtime error (open {_log.FilePath}: no such file or directory): {otherwise}");
        }
    }

    /// <summary>What the runtime printed; its children may hold the pipe, so its end is not waited for.</summary>
    private static string Read(SafeFileHandle? output)
    {
        if (output is null)
        {
            return "";
        }

        return Encoding.UTF8.GetString(ReadBytes(output)).Trim();
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
