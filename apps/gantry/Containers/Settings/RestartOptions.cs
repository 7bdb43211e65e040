using System.CommandLine;
using Gantry.Core.Containers;

namespace Gantry.Cli.Containers.Settings;

/// <summary>The option about starting a container again: it becomes labels, which the daemon goes by.</summary>
internal sealed class RestartOptions
{
    public Option<string?> Restart { get; } = new("--restart")
    {
        Description = "When to start it again: no, always, on-failure, on-failure:5, unless-stopped",
        HelpName = "policy",
    };

    public void AddTo(Command command) => command.Add(Restart);

    /// <summary>The labels for a container; none when it is not to be started again.</summary>
    /// <param name="parse">The command line.</param>
    /// <param name="logUri">Where its output goes, or null.</param>
    /// <exception cref="FormatException">There is no such policy.</exception>
    public IEnumerable<KeyValuePair<string, string>> Labels(ParseResult parse, string? logUri)
    {
        if (parse.GetValue(Restart) is not { Length: > 0 } text)
        {
            return [];
        }

        if (!RestartPolicy.TryParse(text, out RestartPolicy? policy))
        {
            throw new FormatException($"restart policy \"{text}\": not no, always, on-failure[:number] or unless-stopped");
        }

        return policy.Name == "no"
            ? []
            :
            [
                new(RestartLabels.Status, RestartLabels.Running),
                new(RestartLabels.Policy, text),
                .. logUri is null ? [] : (KeyValuePair<string, string>[])[new(RestartLabels.LogUri, logUri)],
            ];
    }
}
