using System.CommandLine;
using Gantry.Cli.CommandLine;
using Gantry.Oci.Runtime;

namespace Gantry.Cli.Containers.Settings;

/// <summary>Options about the files that a container sees.</summary>
internal sealed class FilesystemOptions
{
    public Option<string> Snapshotter { get; } = GlobalOptions.Snapshotter();

    public Option<bool> ReadOnly { get; } = new("--read-only") { Description = "Make the root filesystem read-only" };

    public Option<string[]> Mounts { get; } = Repeated.Option(
        "--mount", "mount", "Mount, type=bind,src=/a,dst=/b,options=rbind:ro");

    public Option<string[]> Volumes { get; } = Repeated.Option(
        "--volume", "volume", "Bind mount, /a:/b or /a:/b:ro", "-v");

    public void AddTo(Command command)
    {
        command.Add(Snapshotter);
        command.Add(ReadOnly);
        command.Add(Mounts);
        command.Add(Volumes);
    }

    public SpecOptions Apply(SpecOptions options, ParseResult parse) => options with
    {
        ReadOnlyRoot = parse.GetValue(ReadOnly),
        Mounts =
        [
            .. parse.GetValue(Mounts)!.Select(MountOption.Parse),
            .. parse.GetValue(Volumes)!.Select(MountOption.ParseVolume),
        ],
    };
}
