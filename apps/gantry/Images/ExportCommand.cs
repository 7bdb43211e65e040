using System.CommandLine;
using Gantry.Cli.CommandLine;
using Gantry.Cli.Output;
using Gantry.Core.Errors;
using Gantry.Linux.Io;
using Gantry.Oci.Image;
using Gantry.Transfer.Export;

namespace Gantry.Cli.Images;

/// <summary><c>gantry export</c>: writes images into an archive.</summary>
internal static class ExportCommand
{
    public static Command Create()
    {
        Command command = new("export", "Write images into an archive: an OCI layout that Docker can load, too");
        Argument<string[]> images = new("image") { Description = "Names of images", Arity = ArgumentArity.OneOrMore };
        Option<string?> output = new("--output", "-o")
        {
            Description = "File to write; standard output if absent or -",
            HelpName = "path",
        };
        Option<string?> platform = new("--platform")
        {
            Description = "Platform to write, such as linux/arm64; this machine's if absent",
            HelpName = "platform",
        };
        Option<bool> all = new("--all-platforms") { Description = "Write images whole, with all their platforms" };
        Option<bool> ociOnly = new("--skip-manifest-json") { Description = "Leave out what only Docker needs" };
        command.Add(images);
        command.Add(output);
        command.Add(platform);
        command.Add(all);
        command.Add(ociOnly);
        command.SetAction(Session.Action(async (session, parse) =>
        {
            List<string> names = [];
            foreach (string name in parse.GetValue(images)!)
            {
                names.Add((await ImageLookup.FindAsync(session, name)).Name);
            }

            ExportRequest request = new(names)
            {
                Platform = parse.GetValue(platform) is { } text
                    ? PlatformMatcher.Only(Platform.Parse(text))
                    : PlatformMatcher.Default,
                AllPlatforms = parse.GetValue(all),
                ForDocker = !parse.GetValue(ociOnly),
            };
            await WriteAsync(
                parse.GetValue(output) ?? "-",
                stream => new ImageExporter(session.Scope).ExportAsync(request, stream, session.Token));
            return ExitCodes.Success;
        }));
        return command;
    }

    // A file gets its name when it is whole; who reads standard output sees the end of the archive.
    private static async Task WriteAsync(string path, Func<Stream, Task> write)
    {
        if (path == "-")
        {
            if (Terminal.IsTerminal(StandardStreams.Stdout))
            {
                throw new GantryException(
                    ErrorKind.InvalidArgument, "an archive is nothing for a terminal: redirect it, or use --output");
            }

            await write(new DescriptorStream(StandardStreams.Stdout));
            return;
        }

        string part = $"{path}.{Guid.NewGuid():n}.part";
        try
        {
            await using (FileStream file = new(part, FileMode.CreateNew, FileAccess.Write))
            {
                await write(file);
                file.Flush(flushToDisk: true);
            }

            File.Move(part, path, overwrite: true);
        }
        catch
        {
            File.Delete(part);
            throw;
        }
    }
}
