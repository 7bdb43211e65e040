using System.CommandLine;
using System.Globalization;
using Gantry.Cli.CommandLine;
using Gantry.Cli.Output;
using Gantry.Core.Maintenance;

namespace Gantry.Cli.Daemon;

/// <summary><c>gantry df</c>: tells what takes the space.</summary>
internal static class DfCommand
{
    public static Command Create()
    {
        Command command = new("df", "Tell what takes the space of the daemon's root, and what could be freed");
        Option<bool> verbose = new("--verbose", "-v") { Description = "Images and snapshots one by one" };
        Option<bool> json = new("--json") { Description = "Everything, as JSON" };
        command.Add(verbose);
        command.Add(json);
        command.SetAction(Session.Action(async (session, parse) =>
        {
            SpaceReport report = await session.Client.Maintenance.UsageAsync(session.Token);
            if (parse.GetValue(json))
            {
                WriteJson(report);
                return ExitCodes.Success;
            }

            WriteAreas(report);
            if (parse.GetValue(verbose))
            {
                WriteImages(report);
                WriteSnapshots(report);
            }

            return ExitCodes.Success;
        }));
        return command;
    }

    private static string Number(long number) => number.ToString(CultureInfo.InvariantCulture);

    private static void WriteAreas(SpaceReport report)
    {
        Table table = new("AREA", "COUNT", "SIZE", "FREEABLE");
        foreach (AreaSpace area in report.Areas)
        {
            table.Add(
                area.Area,
                area.Area == "other" ? "" : Number(area.Count),
                Human.Size(area.Bytes),
                Human.Size(area.Freeable));
        }

        table.Add(
            "total",
            "",
            Human.Size(report.Areas.Sum(area => area.Bytes)),
            Human.Size(report.Areas.Sum(area => area.Freeable)));
        long unused = report.Images.Where(image => image.Containers == 0).Sum(image => image.Own);
        table.WriteTo(StandardStreams.Out);
        StandardStreams.Out.WriteLine();
        StandardStreams.Out.WriteLine(
            $"{Number(report.Images.Count)} images; removing those that no container uses frees {Human.Size(unused)} or more");
    }

    private static void WriteImages(SpaceReport report)
    {
        Table table = new("NAMESPACE", "IMAGE", "CONTENT", "SNAPSHOTS", "OWN", "SHARED", "CONTAINERS");
        foreach (ImageSpace image in report.Images)
        {
            table.Add(
                image.Namespace,
                image.Name,
                Human.Size(image.Content),
                Human.Size(image.Snapshots),
                Human.Size(image.Own),
                Human.Size(image.Shared),
                Number(image.Containers));
        }

        StandardStreams.Out.WriteLine();
        table.WriteTo(StandardStreams.Out);
    }

    private static void WriteSnapshots(SpaceReport report)
    {
        Table table = new("NAMESPACE", "SNAPSHOTTER", "SNAPSHOT", "KIND", "SIZE", "INODES", "HELD");
        foreach (SnapshotSpace snapshot in report.Snapshots)
        {
            table.Add(
                snapshot.Namespace,
                snapshot.Snapshotter,
                snapshot.Name,
                snapshot.Kind,
                Human.Size(snapshot.Bytes),
                Number(snapshot.Inodes),
                snapshot.Held ? "yes" : "no");
        }

        StandardStreams.Out.WriteLine();
        table.WriteTo(StandardStreams.Out);
    }

    private static void WriteJson(SpaceReport report) => Json.WriteValue(json =>
    {
        json.WriteStartObject();
        json.WriteStartArray("areas");
        foreach (AreaSpace area in report.Areas)
        {
            json.WriteStartObject();
            json.WriteString("area", area.Area);
            json.WriteNumber("count", area.Count);
            json.WriteNumber("bytes", area.Bytes);
            json.WriteNumber("freeable", area.Freeable);
            json.WriteEndObject();
        }

        json.WriteEndArray();
        json.WriteStartArray("images");
        foreach (ImageSpace image in report.Images)
        {
            json.WriteStartObject();
            json.WriteString("namespace", image.Namespace);
            json.WriteString("name", image.Name);
            json.WriteNumber("content", image.Content);
            json.WriteNumber("snapshots", image.Snapshots);
            json.WriteNumber("own", image.Own);
            json.WriteNumber("shared", image.Shared);
            json.WriteNumber("containers", image.Containers);
            json.WriteEndObject();
        }

        json.WriteEndArray();
        json.WriteStartArray("snapshots");
        foreach (SnapshotSpace snapshot in report.Snapshots)
        {
            json.WriteStartObject();
            json.WriteString("namespace", snapshot.Namespace);
            json.WriteString("snapshotter", snapshot.Snapshotter);
            json.WriteString("name", snapshot.Name);
            json.WriteString("kind", snapshot.Kind);
            json.WriteNumber("bytes", snapshot.Bytes);
            json.WriteNumber("inodes", snapshot.Inodes);
            json.WriteBoolean("held", snapshot.Held);
            json.WriteEndObject();
        }

        json.WriteEndArray();
        json.WriteEndObject();
    });
}
