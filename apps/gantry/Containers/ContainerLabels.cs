using System.Globalization;
using Gantry.Client;
using Gantry.Core;
using Gantry.Core.Containers;

namespace Gantry.Cli.Containers;

/// <summary>Labels that this program puts on containers, or looks at.</summary>
internal static class ContainerLabels
{
    /// <summary>The signal that stops the container, as its image says.</summary>
    public const string StopSignal = "io.containerd.image.config.stop-signal";

    /// <summary>How many seconds <c>gantry stop</c> waits before SIGKILL.</summary>
    public const string StopTimeout = "gantry.io/stop-timeout";

    /// <summary>How its last process ended, once it has no task any more.</summary>
    public const string ExitStatus = "gantry.io/exit-status";

    /// <summary>How the last process of a container without a task ended; null when it never ran.</summary>
    public static uint? ExitStatusOf(ContainerRecord container) =>
        container.Labels.TryGetValue(ExitStatus, out string? text)
        && uint.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out uint status)
            ? status
            : null;

    /// <summary>How long <c>gantry stop</c> waits before SIGKILL; null when the container does not say.</summary>
    public static TimeSpan? StopTimeoutOf(ContainerRecord container) =>
        container.Labels.TryGetValue(StopTimeout, out string? text)
        && double.TryParse(text, NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out double seconds)
        && seconds <= int.MaxValue / 1000
            ? TimeSpan.FromSeconds(seconds)
            : null;

    /// <summary>Has the daemon not start a container again that is about to be stopped; one that it minds alone.</summary>
    /// <param name="scope">The namespace.</param>
    /// <param name="container">The container.</param>
    /// <param name="cancellationToken">Ends the call.</param>
    public static async Task StayStoppedAsync(
        NamespaceClient scope, ContainerRecord container, CancellationToken cancellationToken)
    {
        if (container.Labels.ContainsKey(RestartLabels.Status))
        {
            Dictionary<string, string> labels = new(StringComparer.Ordinal)
            {
                [RestartLabels.ExplicitlyStopped] = "true",
                [RestartLabels.Status] = RestartLabels.Stopped,
            };
            await scope.Containers.UpdateAsync(
                new ContainerRecord(container.Id) { Labels = labels },
                new FieldMask([.. labels.Keys.Select(key => "labels." + key)]),
                cancellationToken);
        }
    }
}
