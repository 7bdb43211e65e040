using System.CommandLine;
using Gantry.Cli.CommandLine;
using Gantry.Cli.Output;
using Gantry.Client;
using Gantry.Oci.Image;
using Gantry.Transfer.Images;
using Gantry.Transfer.Import;
using Gantry.Transfer.Unpack;

namespace Gantry.Cli.Images;

/// <summary><c>gantry import</c>: takes images out of an archive.</summary>
internal static class ImportCommand
{
    public static Command Create()
    {
        Command command = new("import", "Take images out of an archive: an OCI layout, or what docker save writes");
        Argument<string> file = new("file") { Description = "The archive, packed or not; - for standard input" };
        Option<string> baseName = new("--base-name")
        {
            Description = "Repository of images of which the archive tells only a tag (import-DATE)",
            HelpName = "name",
            DefaultValueFactory = _ => "",
        };
        Option<string?> indexName = new("--index-name")
        {
            Description = "A name for all that is in the archive, as one index",
            HelpName = "name",
        };
        Option<string?> platform = new("--platform")
        {
            Description = "Platform to unpack, such as linux/arm64; this machine's if absent",
            HelpName = "platform",
        };
        Option<bool> noUnpack = new("--no-unpack") { Description = "Unpack nothing" };
        Option<bool> compress = new("--compress") { Description = "Pack layers of docker save, which are not packed, with gzip" };
        Option<string> snapshotter = GlobalOptions.Snapshotter();
        command.Add(file);
        command.Add(baseName);
        command.Add(indexName);
        command.Add(platform);
        command.Add(noUnpack);
        command.Add(compress);
        command.Add(snapshotter);
        command.SetAction(Session.Action(async (session, parse) =>
        {
            ImportRequest request = new()
            {
                BaseName = parse.GetValue(baseName)!,
                IndexName = parse.GetValue(indexName),
                Compress = parse.GetValue(compress),
                Unpacks = parse.GetValue(noUnpack) ? [] :
                [
                    new UnpackTarget(parse.GetValue(snapshotter)!)
                    {
                        Platform = parse.GetValue(platform) is { } text ? PlatformMatcher.Only(Platform.Parse(text)) : null,
                    },
                ],
            };
            IReadOnlyList<ImportResult> results = await ImportAsync(session, parse.GetValue(file)!, request);
            foreach (ImportResult result in results)
            {
                StandardStreams.Out.WriteLine(result.Image.Name);
                if (result.Missing.Count > 0)
                {
                    StandardStreams.Error.WriteLine(
                        $"{result.Image.Name}: not in the archive: {MissingPart.Describe(result.Missing)}");
                }

                if (result.NotUnpacked is { } reason)
                {
                    StandardStreams.Error.WriteLine($"{result.Image.Name}: not unpacked: {reason}");
                }
            }

            return ExitCodes.Success;
        }));
        return command;
    }

    private static async Task<IReadOnlyList<ImportResult>> ImportAsync(
        Session session,
        string path,
        ImportRequest request)
    {
        ImageImporter importer = new(
            leaseId => session.Client.In(session.Namespace, leaseId),
            new Unpacker(scope => ((NamespaceClient)scope).Differ));
        await using Stream archive = path == "-"
            ? new FileStream(StandardStreams.Stdin, FileAccess.Read)
            : File.OpenRead(path);
        return await importer.ImportAsync(request, archive, session.Token);
    }
}
