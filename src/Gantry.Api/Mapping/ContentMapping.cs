using Gantry.Core.Content;
using Gantry.Core.Errors;
using Info = Gantry.Api.Services.Content.Info;
using StatusMessage = Gantry.Api.Services.Content.Status;

namespace Gantry.Api.Mapping;

/// <summary>Blobs and ingests.</summary>
public static class ContentMapping
{
    /// <summary>The blob as a message.</summary>
    /// <param name="info">The blob.</param>
    public static Info ToMessage(this ContentInfo info)
    {
        ArgumentNullException.ThrowIfNull(info);
        Info message = new()
        {
            Digest = info.Digest.ToString(),
            Size = info.Size,
            CreatedAt = info.CreatedAt.ToMessage(),
            UpdatedAt = info.UpdatedAt.ToMessage(),
        };
        message.Labels.Fill(info.Labels);
        return message;
    }

    /// <summary>The blob as a record.</summary>
    /// <param name="message">The message.</param>
    /// <exception cref="GantryException">InvalidArgument: it is absent, or has no digest or a wrong one.</exception>
    public static ContentInfo ToRecord(this Info? message)
    {
        message = Required.Message(message, "content info");
        return new ContentInfo(
            Required.Digest(message.Digest, "content digest"),
            message.Size,
            message.CreatedAt.ToRecord(),
            message.UpdatedAt.ToRecord(),
            message.Labels.ToRecord());
    }

    /// <summary>The ingest as a message.</summary>
    /// <param name="status">The ingest.</param>
    public static StatusMessage ToMessage(this IngestStatus status)
    {
        ArgumentNullException.ThrowIfNull(status);
        return new StatusMessage
        {
            Ref = status.Ref,
            Offset = status.Offset,
            Total = status.Total,
            Expected = status.Expected.ToString(),
            StartedAt = status.StartedAt.ToMessage(),
            UpdatedAt = status.UpdatedAt.ToMessage(),
        };
    }

    /// <summary>The ingest as a record.</summary>
    /// <param name="message">The message.</param>
    /// <exception cref="GantryException">InvalidArgument: it is absent, or its digest is wrong.</exception>
    public static IngestStatus ToRecord(this StatusMessage? message)
    {
        message = Required.Message(message, "ingest status");
        return new IngestStatus(
            message.Ref,
            message.Offset,
            message.Total,
            Required.OptionalDigest(message.Expected),
            message.StartedAt.ToRecord(),
            message.UpdatedAt.ToRecord());
    }
}
