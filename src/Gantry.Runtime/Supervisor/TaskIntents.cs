using Gantry.Runtime.Bundles;

namespace Gantry.Runtime.Supervisor;

/// <summary>
/// What the daemon is about to do to a task: an empty file in its bundle for each, from before the first step until after
/// the last. A daemon that dies in between leaves the file, and the next one resumes the work or undoes it. The files need
/// not outlive a power cut, since no task does.
/// </summary>
internal sealed class TaskIntents(Bundle bundle)
{
    /// <summary>Says that something begins.</summary>
    public void Begin(TaskIntent intent)
    {
        try
        {
            File.WriteAllBytes(PathOf(intent), []);
        }
        catch (DirectoryNotFoundException)
        {
            // The task has just been removed, and with it all that could be resumed.
            return;
        }
    }

    /// <summary>Says that it is done, or given up.</summary>
    public void End(TaskIntent intent)
    {
        try
        {
            File.Delete(PathOf(intent));
        }
        catch (DirectoryNotFoundException)
        {
            // Removed, together with the task.
            return;
        }
    }

    /// <summary>Whether it has begun and not ended.</summary>
    public bool Has(TaskIntent intent) => File.Exists(PathOf(intent));

    private string PathOf(TaskIntent intent) => Path.Combine(bundle.DirectoryPath, intent switch
    {
        TaskIntent.Create => "intent.create",
        TaskIntent.Start => "intent.start",
        TaskIntent.Kill => "intent.kill",
        _ => "intent.delete",
    });
}
