using System.CommandLine;
using System.Text.Json;
using Gantry.Cli.CommandLine;
using Gantry.Cli.Output;
using Gantry.Core.Errors;
using Gantry.Core.Images;
using Gantry.Core.Snapshots;
using Gantry.Oci.Image;
using Gantry.Transfer.Images;

namespace Gantry.Cli.Images;

/// <summary><c>gantry image check</c>: what of each image is here, and unpacked.</summary>
internal static class CheckCommand
{
    public static Command Create()
    {
        Command command = new("check", "Show what of each image is here, and unpacked, for each platform");
        Argument<string[]> filters = new("filter")
        {
            Description = "Filters such as name==docker.io/library/busybox:latest",
            Arity = ArgumentArity.ZeroOrMore,
        };
        Option<bool> quiet = new("--quiet", "-q")
        {
            Description = "Only the names of images that are whole and unpacked for this machine",
        };
        Option<string> snapshotter = GlobalOptions.Snapshotter();
        Option<string> format = GlobalOptions.Format();
        command.Add(filters);
        command.Add(quiet);
        command.Add(snapshotter);
        command.Add(format);
        command.SetAction(Session.Action(async (session, parse) =>
        {
            ISnapshotter snapshots = session.Scope.Snapshots(parse.GetValue(snapshotter)!);
            List<Row> rows = [];
            foreach (ImageRecord image in
                await session.Scope.Images.ListAsync(parse.GetValue(filters) ?? [], session.Token))
            {
                rows.AddRange(await ReadAsync(session, image, snapshots));
            }

            if (parse.GetValue(quiet))
            {
                foreach (string name in rows.Where(IsReady).Select(row => row.Image.Name).Distinct(StringComparer.Ordinal))
                {
                    StandardStreams.Out.WriteLine(name);
                }
            }
            else if (parse.GetValue(format) == "json")
            {
                Json.WriteArray(rows, WriteFields);
            }
            else
            {
                WriteTable(rows);
            }

            return ExitCodes.Success;
        }));
        return command;
    }

    private static async Task<IReadOnlyList<Row>> ReadAsync(
        Session session,
        ImageRecord image,
        ISnapshotter snapshots)
    {
        IReadOnlyList<PlatformImage> platforms;
        try
        {
            platforms = await PlatformImage.ReadAllAsync(session.Scope.Content, image.Target, session.Token);
        }
        catch (GantryException e) when (e.Kind is ErrorKind.InvalidArgument or ErrorKind.FailedPrecondition)
        {
            return [new Row(image, null, 0, $"unreadable: {e.Message}")];
        }

        if (platforms.Count == 0)
        {
            return [new Row(image, null, 0, "unavailable (0/?)")];
        }

        List<Row> rows = [];
        foreach (PlatformImage platform in platforms)
        {
            int unpacked = 0;
            foreach (Digest chain in platform.Chain)
            {
                unpacked += await SnapshotLookup.FindAsync(snapshots, chain.ToString(), session.Token) is null ? 0 : 1;
            }

            rows.Add(new Row(image, platform, unpacked, Status(platform)));
        }

        return rows;
    }

    private static string Status(PlatformImage platform)
    {
        string count = platform.Manifest is null ? "0/?" : $"{platform.Present.Count()}/{platform.Parts.Count}";
        return platform.Missing.Count == 0 ? $"complete ({count})"
            : platform.Manifest is null ? $"unavailable ({count})"
            : $"incomplete ({count})";
    }

    private static bool IsReady(Row row) =>
        row.Platform is { Platform: { } platform, Missing.Count: 0, Config: not null }
        && PlatformMatcher.Default.Matches(platform)
        && row.Unpacked == row.Platform.Chain.Count;

    private static void WriteTable(List<Row> rows)
    {
        Table table = new("IMAGE", "PLATFORM", "DIGEST", "STATUS", "SIZE", "UNPACKED");
        foreach (Row row in rows)
        {
            string digest = (row.Platform?.Descriptor ?? row.Image.Target).Digest.ToString();
            table.Add(
                row.Image.Name,
                row.Platform?.Platform?.ToString() ?? "",
                digest.Length > ImagesCommand.ShownDigest ? digest[..ImagesCommand.ShownDigest] : digest,
                row.Status,
                row.Platform?.Manifest is null
                    ? ""
                    : $"{Human.Size(row.Platform.Present.Sum(part => part.Size))}/{Human.Size(row.Platform.Parts.Sum(part => part.Size))}",
                row.Platform?.Config is null ? "" : $"{row.Unpacked}/{row.Platform.Chain.Count}");
        }

        table.WriteTo(StandardStreams.Out);
    }

    private static void WriteFields(Utf8JsonWriter json, Row row)
    {
        json.WriteString("name", row.Image.Name);
        json.WriteString("platform", row.Platform?.Platform?.ToString() ?? "");
        json.WriteString("digest", (row.Platform?.Descriptor ?? row.Image.Target).Digest.ToString());
        json.WriteString("status", row.Status);
        json.WriteBoolean("complete", row.Platform is { Missing.Count: 0 });
        json.WriteBoolean("ready", IsReady(row));
        json.WriteList("missing", row.Platform?.Missing.Select(part => part.Digest.ToString()) ?? []);
        json.WriteStartArray("layers");
        for (int i = 0; i < (row.Platform?.Manifest?.Layers.Count ?? 0); i++)
        {
            Descriptor layer = row.Platform!.Manifest!.Layers[i];
            json.WriteStartObject();
            json.WriteString("digest", layer.Digest.ToString());
            json.WriteNumber("size", layer.Size);
            json.WriteBoolean("here", !row.Platform.Missing.Contains(layer));
            json.WriteBoolean("unpacked", i < row.Unpacked);
            json.WriteString("snapshot", i < row.Platform.Chain.Count ? row.Platform.Chain[i].ToString() : "");
            json.WriteEndObject();
        }

        json.WriteEndArray();
    }

    private sealed record Row(ImageRecord Image, PlatformImage? Platform, int Unpacked, string Status);
}
