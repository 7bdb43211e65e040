using Gantry.Api.Services.Containers;
using Gantry.Core.Containers;
using Gantry.Core.Errors;

namespace Gantry.Api.Mapping;

/// <summary>Containers.</summary>
public static class ContainerMapping
{
    /// <summary>The container as a message.</summary>
    /// <param name="container">The container.</param>
    public static Container ToMessage(this ContainerRecord container)
    {
        ArgumentNullException.ThrowIfNull(container);
        Container message = new()
        {
            Id = container.Id,
            Image = container.Image,
            Runtime = new Container.Types.Runtime
            {
                Name = container.RuntimeName,
                Options = container.RuntimeOptions.ToMessage(),
            },
            Spec = container.Spec.ToMessage(),
            Snapshotter = container.Snapshotter,
            SnapshotKey = container.SnapshotKey,
            Sandbox = container.Sandbox,
            CreatedAt = container.CreatedAt.ToMessage(),
            UpdatedAt = container.UpdatedAt.ToMessage(),
        };
        message.Labels.Fill(container.Labels);
        message.Extensions.Fill(container.Extensions);
        return message;
    }

    /// <summary>The container as a record. A runtime that is absent has an empty name.</summary>
    /// <param name="message">The message.</param>
    /// <exception cref="GantryException">InvalidArgument: it is absent.</exception>
    public static ContainerRecord ToRecord(this Container? message)
    {
        message = Required.Message(message, "container");
        return new ContainerRecord(message.Id)
        {
            Labels = message.Labels.ToRecord(),
            Image = message.Image,
            RuntimeName = message.Runtime?.Name ?? "",
            RuntimeOptions = message.Runtime?.Options.ToRecord(),
            Spec = message.Spec.ToRecord(),
            Snapshotter = message.Snapshotter,
            SnapshotKey = message.SnapshotKey,
            Extensions = message.Extensions.ToRecord(),
            Sandbox = message.Sandbox,
            CreatedAt = message.CreatedAt.ToRecord(),
            UpdatedAt = message.UpdatedAt.ToRecord(),
        };
    }
}
