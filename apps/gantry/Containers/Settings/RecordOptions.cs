using System.CommandLine;
using System.Globalization;
using Gantry.Cli.CommandLine;
using Gantry.Oci.Image;
using Gantry.Oci.Runtime;

namespace Gantry.Cli.Containers.Settings;

/// <summary>Options about the container's record: its id, its labels and annotations, and how it is stopped.</summary>
internal sealed class RecordOptions
{
    public Option<string?> Name { get; } = new("--name")
    {
        Description = "Id of the container; made up if absent",
        HelpName = "id",
    };

    public Option<string[]> Labels { get; } = Repeated.Option(
        "--label", "label", "Label of the container, key=value", "-l");

    public Option<string[]> Annotations { get; } = Repeated.Option(
        "--annotation", "annotation", "Annotation of the spec, key=value");

    public Option<string?> StopSignal { get; } = new("--stop-signal")
    {
        Description = "Signal that stops it, instead of the image's",
        HelpName = "signal",
    };

    public Option<TimeSpan?> StopTimeout { get; } = new("--stop-timeout")
    {
        Description = "How long gantry stop waits before SIGKILL (10s)",
        HelpName = "time",
        CustomParser = result => Values.Duration(result),
    };

    public Option<string?> CidFile { get; } = new("--cidfile")
    {
        Description = "File to write the id of the container to; it must not exist",
        HelpName = "file",
    };

    public Option<string?> PidFile { get; } = new("--pid-file")
    {
        Description = "File to write the process id of the container to",
        HelpName = "file",
    };

    public void AddTo(Command command)
    {
        command.Add(Name);
        command.Add(Labels);
        command.Add(Annotations);
        command.Add(StopSignal);
        command.Add(StopTimeout);
        command.Add(CidFile);
        command.Add(PidFile);
    }

    /// <exception cref="FormatException">One is malformed.</exception>
    public RuntimeSpec Apply(RuntimeSpec spec, ParseResult parse) =>
        spec.WithAnnotations(KeyValues.Parse("annotation", parse.GetValue(Annotations)!));

    /// <summary>The labels of the container: the image's, those of other options, and those asked for.</summary>
    /// <exception cref="FormatException">One is malformed.</exception>
    public Dictionary<string, string> ToLabels(
        ParseResult parse, ContainerDefaults image, IEnumerable<KeyValuePair<string, string>> others)
    {
        Dictionary<string, string> labels = new(image.Labels, StringComparer.Ordinal);
        string? signal = parse.GetValue(StopSignal);
        if (signal is not null)
        {
            SignalNames.Parse(signal);
        }

        labels[ContainerLabels.StopSignal] =
            signal ?? (image.StopSignal.Length > 0 ? image.StopSignal : "SIGTERM");
        if (parse.GetValue(StopTimeout) is { } timeout)
        {
            labels[ContainerLabels.StopTimeout] = timeout.TotalSeconds.ToString(CultureInfo.InvariantCulture);
        }

        foreach ((string key, string value) in others)
        {
            labels[key] = value;
        }

        foreach ((string key, string value) in KeyValues.Parse("label", parse.GetValue(Labels)!))
        {
            labels[key] = value;
        }

        return labels;
    }

    /// <summary>Writes the id where it is asked for.</summary>
    public async Task WriteIdAsync(ParseResult parse, string id, CancellationToken cancellationToken)
    {
        if (parse.GetValue(CidFile) is { } path)
        {
            await using FileStream file = new(path, FileMode.CreateNew);
            await file.WriteAsync(System.Text.Encoding.ASCII.GetBytes(id), cancellationToken);
        }
    }

    /// <summary>Writes the process id where it is asked for.</summary>
    public async Task WritePidAsync(ParseResult parse, uint pid, CancellationToken cancellationToken)
    {
        if (parse.GetValue(PidFile) is { } path)
        {
            // A reader sees the whole number or none.
            string temporary = path + ".tmp";
            await File.WriteAllTextAsync(temporary, pid.ToString(CultureInfo.InvariantCulture), cancellationToken);
            File.Move(temporary, path, overwrite: true);
        }
    }
}
