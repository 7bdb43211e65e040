using System.Diagnostics.CodeAnalysis;
using System.Globalization;

namespace Gantry.Core.Containers;

/// <summary>
/// When a container is started again: <c>always</c>, also when nothing is said; <c>unless-stopped</c> by a user;
/// <c>on-failure</c>, at most n times with <c>on-failure:n</c>; <c>no</c>.
/// </summary>
/// <param name="Name">The name, without the number.</param>
/// <param name="Retries">How often at most; 0 for no limit.</param>
public sealed record RestartPolicy(string Name, int Retries)
{
    private const string OnFailure = "on-failure";

    /// <summary>Reads a policy.</summary>
    /// <param name="text">The policy.</param>
    /// <param name="policy">What it says.</param>
    /// <returns>False when there is no such policy.</returns>
    public static bool TryParse(string text, [NotNullWhen(true)] out RestartPolicy? policy)
    {
        ArgumentNullException.ThrowIfNull(text);
        policy = null;
        int colon = text.IndexOf(':', StringComparison.Ordinal);
        string name = colon < 0 ? text : text[..colon];
        int retries = 0;
        bool known = name is "" or "no" or "always" or "unless-stopped" or OnFailure;
        if (!known || (colon >= 0
            && (name != OnFailure || !int.TryParse(text.AsSpan(colon + 1), NumberStyles.None, CultureInfo.InvariantCulture, out retries))))
        {
            return false;
        }

        policy = new RestartPolicy(name.Length == 0 ? "always" : name, retries);
        return true;
    }

    /// <summary>Whether a container that does not run is to be started again.</summary>
    /// <param name="exitStatus">How it ended; 0 when it has no task.</param>
    /// <param name="labels">Its labels.</param>
    public bool Wants(uint exitStatus, IReadOnlyDictionary<string, string> labels)
    {
        ArgumentNullException.ThrowIfNull(labels);
        return Name switch
        {
            "always" => true,
            "unless-stopped" => !IsTrue(labels.GetValueOrDefault(RestartLabels.ExplicitlyStopped)),
            OnFailure => exitStatus != 0 && (Retries == 0 || CountOf(labels) < Retries),
            _ => false,
        };
    }

    /// <summary>How often a container was started again, as its label says.</summary>
    /// <param name="labels">Its labels.</param>
    public static int CountOf(IReadOnlyDictionary<string, string> labels)
    {
        ArgumentNullException.ThrowIfNull(labels);
        return int.TryParse(
            labels.GetValueOrDefault(RestartLabels.Count), NumberStyles.None, CultureInfo.InvariantCulture, out int count)
            ? count
            : 0;
    }

    // What Go takes for true.
    private static bool IsTrue(string? text) => text is "1" or "t" or "T" or "true" or "TRUE" or "True";
}
