using Gantry.Core.Maintenance;
using FindingMessage = Gantry.Api.Maintenance.Finding;
using UsageResponse = Gantry.Api.Maintenance.UsageResponse;

namespace Gantry.Api.Mapping;

/// <summary>Findings of checks, and the space that things take.</summary>
public static class MaintenanceMapping
{
    /// <summary>The finding as a message.</summary>
    /// <param name="finding">The finding.</param>
    public static FindingMessage ToMessage(this Finding finding)
    {
        ArgumentNullException.ThrowIfNull(finding);
        return new FindingMessage
        {
            Severity = (FindingMessage.Types.Severity)finding.Severity,
            Area = finding.Area,
            Subject = finding.Subject,
            Problem = finding.Problem,
            Remedy = finding.Remedy,
            Outcome = (FindingMessage.Types.Outcome)finding.Outcome,
            Detail = finding.Detail,
        };
    }

    /// <summary>The finding as a record.</summary>
    /// <param name="message">The message.</param>
    public static Finding ToRecord(this FindingMessage message)
    {
        ArgumentNullException.ThrowIfNull(message);
        return new Finding(
            (FindingSeverity)message.Severity,
            message.Area,
            message.Subject,
            message.Problem,
            message.Remedy)
        {
            Outcome = (FindingOutcome)message.Outcome,
            Detail = message.Detail,
        };
    }

    /// <summary>The report as a message.</summary>
    /// <param name="report">The report.</param>
    public static UsageResponse ToMessage(this SpaceReport report)
    {
        ArgumentNullException.ThrowIfNull(report);
        UsageResponse message = new();
        message.Areas.AddRange(report.Areas.Select(a => new Maintenance.AreaUsage
        {
            Area = a.Area,
            Count = a.Count,
            Bytes = a.Bytes,
            Freeable = a.Freeable,
        }));
        message.Images.AddRange(report.Images.Select(i => new Maintenance.ImageUsage
        {
            Namespace = i.Namespace,
            Name = i.Name,
            Content = i.Content,
            Snapshots = i.Snapshots,
            Own = i.Own,
            Containers = i.Containers,
        }));
        message.Snapshots.AddRange(report.Snapshots.Select(s => new Maintenance.SnapshotUsage
        {
            Namespace = s.Namespace,
            Snapshotter = s.Snapshotter,
            Name = s.Name,
            Kind = s.Kind,
            Bytes = s.Bytes,
            Inodes = s.Inodes,
            Held = s.Held,
        }));
        return message;
    }

    /// <summary>The report as a record.</summary>
    /// <param name="message">The message.</param>
    public static SpaceReport ToRecord(this UsageResponse message)
    {
        ArgumentNullException.ThrowIfNull(message);
        return new SpaceReport(
            [.. message.Areas.Select(a => new AreaSpace(a.Area, a.Count, a.Bytes, a.Freeable))],
            [
                .. message.Images.Select(
                    i => new ImageSpace(i.Namespace, i.Name, i.Content, i.Snapshots, i.Own, i.Containers)),
            ],
            [
                .. message.Snapshots.Select(
                    s => new SnapshotSpace(s.Namespace, s.Snapshotter, s.Name, s.Kind, s.Bytes, s.Inodes, s.Held)),
            ]);
    }
}
