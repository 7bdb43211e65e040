using System.CommandLine;
using System.Text.Json;
using Gantry.Cli.CommandLine;
using Gantry.Cli.Output;
using Gantry.Oci.Image;
using Gantry.Transfer.Images;

namespace Gantry.Cli.Images;

/// <summary><c>gantry image history</c>: how the layers of an image came about.</summary>
internal static class HistoryCommand
{
    private const int ShownText = 60;

    public static Command Create()
    {
        Command command = new("history", "Show how the layers of an image came about, the newest first");
        Argument<string> image = new("image") { Description = "Name of the image" };
        Option<string?> platform = PlatformOption.Create();
        Option<bool> whole = new("--no-trunc") { Description = "Show digests and commands whole" };
        Option<string> format = GlobalOptions.Format();
        command.Add(image);
        command.Add(platform);
        command.Add(whole);
        command.Add(format);
        command.SetAction(Session.Action(async (session, parse) =>
        {
            ResolvedImage resolved = await new ImageReader(session.Scope).ReadAsync(
                await ImageLookup.FindAsync(session, parse.GetValue(image)!), parse.Read(platform), session.Token);
            List<Row> rows = Read(resolved);
            if (parse.GetValue(format) == "json")
            {
                Json.WriteArray(rows, WriteFields);
            }
            else
            {
                WriteTable(rows, parse.GetValue(whole));
            }

            return ExitCodes.Success;
        }));
        return command;
    }

    // A history need not tell of all layers, or of any: those that it does not tell of are shown all the same.
    private static List<Row> Read(ResolvedImage image)
    {
        List<Row> rows = [];
        int layers = 0;
        foreach (ImageHistory step in image.Config.History)
        {
            Descriptor? layer = step.EmptyLayer || layers >= image.Manifest.Layers.Count ? null : image.Manifest.Layers[layers++];
            rows.Add(new Row(step, layer));
        }

        rows.AddRange(image.Manifest.Layers.Skip(layers).Select(
            layer => new Row(new ImageHistory("", "", "", null, EmptyLayer: false), layer)));
        rows.Reverse();
        return rows;
    }

    private static void WriteTable(List<Row> rows, bool whole)
    {
        Table table = new("LAYER", "CREATED", "SIZE", "CREATED BY", "COMMENT");
        foreach (Row row in rows)
        {
            table.Add(
                Short(row.Layer?.Digest.ToString() ?? "", whole ? int.MaxValue : ImagesCommand.ShownDigest, ""),
                row.Step.Created is { } created ? Human.Age(created) : "",
                Human.Size(row.Layer?.Size ?? 0),
                Short(row.Step.CreatedBy, whole ? int.MaxValue : ShownText, "..."),
                row.Step.Comment);
        }

        table.WriteTo(StandardStreams.Out);
    }

    private static string Short(string text, int limit, string mark) =>
        text.Length <= limit ? text : text[..(limit - mark.Length)] + mark;

    private static void WriteFields(Utf8JsonWriter json, Row row)
    {
        json.WriteString("layer", row.Layer?.Digest.ToString() ?? "");
        json.WriteNumber("size", row.Layer?.Size ?? 0);
        json.WriteString("created", row.Step.Created is { } created ? Human.Time(created) : "");
        json.WriteString("createdBy", row.Step.CreatedBy);
        json.WriteString("author", row.Step.Author);
        json.WriteString("comment", row.Step.Comment);
        json.WriteBoolean("emptyLayer", row.Step.EmptyLayer);
    }

    private sealed record Row(ImageHistory Step, Descriptor? Layer);
}
