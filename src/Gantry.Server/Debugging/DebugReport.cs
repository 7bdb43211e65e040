using System.Buffers;
using System.Globalization;
using System.Text.Json;
using Gantry.Core.Maintenance;
using Gantry.Runtime.Sandboxes;
using Gantry.Runtime.Tasks;
using Gantry.Server.Hosting;

namespace Gantry.Server.Debugging;

/// <summary>
/// What the daemon is at: threads, calls, tasks and memory. A program that was compiled ahead of time can't tell the stacks of its
/// threads; what they wait for in the kernel, and the calls of clients, it can.
/// </summary>
/// <param name="calls">The calls that go on.</param>
/// <param name="tasks">The tasks.</param>
/// <param name="sandboxes">The sandboxes.</param>
internal sealed class DebugReport(RunningCalls calls, TaskManager tasks, SandboxController sandboxes)
{
    private const string Threads = "/proc/self/task";

    /// <summary>The report as lines of text.</summary>
    public IEnumerable<string> Lines()
    {
        GCMemoryInfo gc = GC.GetGCMemoryInfo();
        yield return $"gantry {BuildInfo.Version} {BuildInfo.Revision}".TrimEnd() + $", process {Environment.ProcessId}";
        yield return $"memory: {ByteSize.Text(Environment.WorkingSet)} resident, {ByteSize.Text(GC.GetTotalMemory(false))} in the "
            + $"heap of {ByteSize.Text(gc.TotalCommittedBytes)}, {ByteSize.Text(GC.GetTotalAllocatedBytes())} allocated so far";
        yield return string.Create(
            CultureInfo.InvariantCulture,
            $"collections: {GC.CollectionCount(0)} {GC.CollectionCount(1)} {GC.CollectionCount(2)}, {gc.PauseTimePercentage:0.##} % of the time");
        yield return $"thread pool: {ThreadPool.ThreadCount} threads, {ThreadPool.PendingWorkItemCount} items wait, "
            + $"{ThreadPool.CompletedWorkItemCount} done, {Timer.ActiveCount} timers";
        foreach (string line in Directory.EnumerateDirectories(Threads).Select(Thread).OfType<string>())
        {
            yield return line;
        }

        foreach ((string method, TimeSpan age) in calls.List())
        {
            yield return string.Create(CultureInfo.InvariantCulture, $"call {method}: for {age.TotalSeconds:0.000} s");
        }

        foreach ((Core.Namespaces.Namespace ns, string id) in tasks.Known)
        {
            yield return $"task {ns}/{id}: {(tasks.Answers(ns, id) is false ? "its shim does not answer" : "its shim answers")}";
        }

        foreach ((Core.Namespaces.Namespace ns, string id) in sandboxes.Known)
        {
            yield return $"sandbox {ns}/{id}";
        }
    }

    /// <summary>The figures of it, as JSON.</summary>
    public ReadOnlyMemory<byte> Figures()
    {
        GCMemoryInfo gc = GC.GetGCMemoryInfo();
        ArrayBufferWriter<byte> buffer = new(1024);
        using (Utf8JsonWriter json = new(buffer, new JsonWriterOptions { Indented = true }))
        {
            json.WriteStartObject();
            json.WriteString("version", BuildInfo.Version);
            json.WriteNumber("pid", Environment.ProcessId);
            json.WriteNumber("resident_bytes", Environment.WorkingSet);
            json.WriteStartObject("gc");
            json.WriteNumber("heap_bytes", GC.GetTotalMemory(false));
            json.WriteNumber("committed_bytes", gc.TotalCommittedBytes);
            json.WriteNumber("fragmented_bytes", gc.FragmentedBytes);
            json.WriteNumber("allocated_bytes", GC.GetTotalAllocatedBytes());
            json.WriteNumber("pause_percent", gc.PauseTimePercentage);
            json.WriteNumber("finalization_pending", gc.FinalizationPendingCount);
            json.WriteStartArray("collections");
            for (int generation = 0; generation <= GC.MaxGeneration; generation++)
            {
                json.WriteNumberValue(GC.CollectionCount(generation));
            }

            json.WriteEndArray();
            json.WriteStartArray("generation_bytes");
            foreach (GCGenerationInfo generation in gc.GenerationInfo)
            {
                json.WriteNumberValue(generation.SizeAfterBytes);
            }

            json.WriteEndArray();
            json.WriteEndObject();
            json.WriteStartObject("thread_pool");
            json.WriteNumber("threads", ThreadPool.ThreadCount);
            json.WriteNumber("waiting", ThreadPool.PendingWorkItemCount);
            json.WriteNumber("done", ThreadPool.CompletedWorkItemCount);
            json.WriteNumber("timers", Timer.ActiveCount);
            json.WriteNumber("lock_contentions", Monitor.LockContentionCount);
            json.WriteEndObject();
            json.WriteNumber("threads", Directory.EnumerateDirectories(Threads).Count());
            json.WriteNumber("tasks", tasks.Known.Count);
            json.WriteNumber("sandboxes", sandboxes.Known.Count);
            json.WriteStartArray("calls");
            foreach ((string method, TimeSpan age) in calls.List())
            {
                json.WriteStartObject();
                json.WriteString("method", method);
                json.WriteNumber("seconds", age.TotalSeconds);
                json.WriteEndObject();
            }

            json.WriteEndArray();
            json.WriteEndObject();
        }

        return buffer.WrittenMemory;
    }

    /// <summary>A line about a thread; null when it has ended meanwhile.</summary>
    private static string? Thread(string directory)
    {
        try
        {
            string name = File.ReadAllText(Path.Combine(directory, "comm")).TrimEnd();
            string status = File.ReadAllText(Path.Combine(directory, "stat"));
            string waits = File.ReadAllText(Path.Combine(directory, "wchan"));
            string state = status.AsSpan(status.LastIndexOf(')') + 2)[0] switch
            {
                'R' => "runs",
                'D' => "waits for a disk",
                _ => "sleeps",
            };
            return $"thread {Path.GetFileName(directory)} {name}: {state}{(waits is "" or "0" ? "" : " in " + waits)}";
        }
        catch (IOException)
        {
            // It has ended.
            return null;
        }
        catch (UnauthorizedAccessException)
        {
            // The kernel does not tell what a thread waits for to everybody.
            return $"thread {Path.GetFileName(directory)}";
        }
    }
}
