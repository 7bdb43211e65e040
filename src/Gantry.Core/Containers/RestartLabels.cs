namespace Gantry.Core.Containers;

/// <summary>The labels of a container that say whether and how it is kept running. They are containerd's.</summary>
public static class RestartLabels
{
    /// <summary>What is wanted: <c>running</c>, or <c>stopped</c>. Without it a container is left alone.</summary>
    public const string Status = "containerd.io/restart.status";

    /// <summary>When it is started again: see <see cref="RestartPolicy"/>.</summary>
    public const string Policy = "containerd.io/restart.policy";

    /// <summary>How often it was started again.</summary>
    public const string Count = "containerd.io/restart.count";

    /// <summary>Whether a user has stopped it.</summary>
    public const string ExplicitlyStopped = "containerd.io/restart.explicitly-stopped";

    /// <summary>Where its output goes, such as <c>file:///var/log/web.log</c>.</summary>
    public const string LogUri = "containerd.io/restart.loguri";

    /// <summary>The value of <see cref="Status"/> for a container that is to run.</summary>
    public const string Running = "running";

    /// <summary>The value of <see cref="Status"/> for a container that is not to run.</summary>
    public const string Stopped = "stopped";
}
