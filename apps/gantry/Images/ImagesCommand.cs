using System.CommandLine;
using System.Text.Json;
using Gantry.Cli.CommandLine;
using Gantry.Cli.Output;
using Gantry.Core.Errors;
using Gantry.Core.Images;
using Gantry.Oci.Image;
using Gantry.Transfer.Images;

namespace Gantry.Cli.Images;

/// <summary><c>gantry images</c>: lists images.</summary>
internal static class ImagesCommand
{
    public const int ShownDigest = 19;

    public static Command Create()
    {
        Command command = new("images", "List images");
        Argument<string[]> filters = new("filter")
        {
            Description = "Filters such as name==docker.io/library/busybox:latest",
            Arity = ArgumentArity.ZeroOrMore,
        };
        Option<bool> quiet = new("--quiet", "-q") { Description = "Names only" };
        Option<string> format = GlobalOptions.Format();
        command.Add(filters);
        command.Add(quiet);
        command.Add(format);
        command.SetAction(Session.Action(async (session, parse) =>
        {
            IReadOnlyList<ImageRecord> images =
                await session.Scope.Images.ListAsync(parse.GetValue(filters) ?? [], session.Token);
            if (parse.GetValue(quiet))
            {
                foreach (ImageRecord image in images)
                {
                    StandardStreams.Out.WriteLine(image.Name);
                }

                return ExitCodes.Success;
            }

            Row[] rows = await Task.WhenAll(images.Select(image => ReadAsync(session, image)));
            if (parse.GetValue(format) == "json")
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

    private static async Task<Row> ReadAsync(Session session, ImageRecord image)
    {
        try
        {
            ResolvedImage resolved =
                await new ImageReader(session.Scope).ReadAsync(image, PlatformMatcher.Default, session.Token);
            return new Row(image, resolved.Size, resolved.Config.Platform.ToString());
        }
        catch (GantryException e) when (e.Kind is ErrorKind.NotFound or ErrorKind.InvalidArgument)
        {
            // Its content is not all here, or it is for another platform: it has a name all the same.
            return new Row(image, null, "");
        }
    }

    private static void WriteTable(Row[] rows)
    {
        Table table = new("IMAGE", "DIGEST", "PLATFORM", "CREATED", "SIZE");
        foreach (Row row in rows)
        {
            string digest = row.Image.Target.Digest.ToString();
            table.Add(
                row.Image.Name,
                digest.Length > ShownDigest ? digest[..ShownDigest] : digest,
                row.Platform,
                Human.Age(row.Image.CreatedAt),
                row.Size is { } size ? Human.Size(size) : "");
        }

        table.WriteTo(StandardStreams.Out);
    }

    private static void WriteFields(Utf8JsonWriter json, Row row)
    {
        json.WriteString("name", row.Image.Name);
        json.WriteString("digest", row.Image.Target.Digest.ToString());
        json.WriteString("mediaType", row.Image.Target.MediaType);
        json.WriteString("platform", row.Platform);
        if (row.Size is { } size)
        {
            json.WriteNumber("size", size);
        }

        json.WriteString("createdAt", Human.Time(row.Image.CreatedAt));
        json.WriteString("updatedAt", Human.Time(row.Image.UpdatedAt));
        json.WriteMap("labels", row.Image.Labels);
    }

    private sealed record Row(ImageRecord Image, long? Size, string Platform);
}
