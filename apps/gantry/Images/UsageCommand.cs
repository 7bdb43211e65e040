using System.CommandLine;
using System.Globalization;
using Gantry.Cli.CommandLine;
using Gantry.Cli.Output;
using Gantry.Core.Errors;
using Gantry.Core.Images;
using Gantry.Core.Snapshots;
using Gantry.Oci.Image;
using Gantry.Transfer.Images;

namespace Gantry.Cli.Images;

/// <summary><c>gantry image usage</c>: the space that images take, packed and unpacked.</summary>
internal static class UsageCommand
{
    public static Command Create()
    {
        Command command = new("usage", "Show how much space images take, packed and unpacked");
        Argument<string[]> images = new("image")
        {
            Description = "Names of images; all when none is given",
            Arity = ArgumentArity.ZeroOrMore,
        };
        Option<bool> bytes = new("-b") { Description = "Sizes in bytes" };
        Option<string> snapshotter = GlobalOptions.Snapshotter();
        Option<string> format = GlobalOptions.Format();
        command.Add(images);
        command.Add(bytes);
        command.Add(snapshotter);
        command.Add(format);
        command.SetAction(Session.Action(async (session, parse) =>
        {
            ISnapshotter snapshots = session.Scope.Snapshots(parse.GetValue(snapshotter)!);
            List<Row> rows = [];
            foreach (ImageRecord image in await FindAsync(session, parse.GetValue(images) ?? []))
            {
                rows.Add(await ReadAsync(session, image, snapshots));
            }

            if (parse.GetValue(format) == "json")
            {
                Json.WriteArray(rows, (json, row) =>
                {
                    json.WriteString("name", row.Image.Name);
                    json.WriteNumber("packed", row.Packed);
                    json.WriteNumber("unpacked", row.Unpacked);
                });
                return ExitCodes.Success;
            }

            Table table = new("IMAGE", "PACKED", "UNPACKED");
            foreach (Row row in rows)
            {
                table.Add(row.Image.Name, Size(row.Packed), Size(row.Unpacked));
            }

            table.WriteTo(StandardStreams.Out);
            return ExitCodes.Success;

            string Size(long size) =>
                parse.GetValue(bytes) ? size.ToString(CultureInfo.InvariantCulture) : Human.Size(size);
        }));
        return command;
    }

    private static async Task<IReadOnlyList<ImageRecord>> FindAsync(Session session, string[] names)
    {
        if (names.Length == 0)
        {
            return await session.Scope.Images.ListAsync([], session.Token);
        }

        List<ImageRecord> found = [];
        foreach (string name in names)
        {
            found.Add(await ImageLookup.FindAsync(session, name));
        }

        return found;
    }

    // What is in an image twice counts once, and what images share counts in each.
    private static async Task<Row> ReadAsync(Session session, ImageRecord image, ISnapshotter snapshots)
    {
        IReadOnlyList<PlatformImage> platforms =
            await PlatformImage.ReadAllAsync(session.Scope.Content, image.Target, session.Token);
        ImageContents contents = await ImageContents.ReadAsync(session.Scope.Content, image.Target, session.Token);
        long unpacked = 0;
        foreach (Digest chain in platforms.SelectMany(platform => platform.Chain).Distinct())
        {
            try
            {
                unpacked += (await snapshots.UsageAsync(chain.ToString(), session.Token)).Size;
            }
            catch (GantryException e) when (e.Kind is ErrorKind.NotFound)
            {
                // It is not unpacked.
                continue;
            }
        }

        return new Row(image, contents.Size, unpacked);
    }

    private sealed record Row(ImageRecord Image, long Packed, long Unpacked);
}
