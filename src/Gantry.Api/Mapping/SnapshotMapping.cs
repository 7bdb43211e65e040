using Gantry.Api.Services.Snapshots;
using Gantry.Core.Errors;
using Gantry.Core.Snapshots;

namespace Gantry.Api.Mapping;

/// <summary>Snapshots.</summary>
public static class SnapshotMapping
{
    /// <summary>The snapshot as a message.</summary>
    /// <param name="info">The snapshot.</param>
    public static Info ToMessage(this SnapshotInfo info)
    {
        ArgumentNullException.ThrowIfNull(info);
        Info message = new()
        {
            Kind = (Kind)(int)info.Kind,
            Name = info.Name,
            Parent = info.Parent,
            CreatedAt = info.CreatedAt.ToMessage(),
            UpdatedAt = info.UpdatedAt.ToMessage(),
        };
        message.Labels.Fill(info.Labels);
        return message;
    }

    /// <summary>The snapshot as a record. A kind that is not known here is Unknown.</summary>
    /// <param name="message">The message.</param>
    /// <exception cref="GantryException">InvalidArgument: it is absent.</exception>
    public static SnapshotInfo ToRecord(this Info? message)
    {
        message = Required.Message(message, "snapshot info");
        return new SnapshotInfo(
            message.Kind is >= Kind.Unknown and <= Kind.Committed ? (SnapshotKind)(int)message.Kind : SnapshotKind.Unknown,
            message.Name,
            message.Parent,
            message.CreatedAt.ToRecord(),
            message.UpdatedAt.ToRecord(),
            message.Labels.ToRecord());
    }

    /// <summary>The space of a snapshot as a message.</summary>
    /// <param name="usage">The space.</param>
    public static UsageResponse ToMessage(this SnapshotUsage usage) =>
        new() { Inodes = usage.Inodes, Size = usage.Size };

    /// <summary>The space of a snapshot as a record.</summary>
    /// <param name="message">The message.</param>
    /// <exception cref="GantryException">InvalidArgument: it is absent.</exception>
    public static SnapshotUsage ToRecord(this UsageResponse? message)
    {
        message = Required.Message(message, "snapshot usage");
        return new SnapshotUsage(message.Inodes, message.Size);
    }
}
