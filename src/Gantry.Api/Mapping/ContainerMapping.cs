using System.Collections.Immutable;
using Gantry.Api.Services.Containers;
using Gantry.Core;
using Gantry.Core.Containers;
using Gantry.Core.Errors;
using Google.Protobuf.Collections;
using Google.Protobuf.WellKnownTypes;

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
        foreach ((string name, TypedBytes value) in container.Extensions)
        {
            message.Extensions[name] = value.ToMessage();
        }

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
            Extensions = Extensions(message.Extensions),
            Sandbox = message.Sandbox,
            CreatedAt = message.CreatedAt.ToRecord(),
            UpdatedAt = message.UpdatedAt.ToRecord(),
        };
    }

    private static IReadOnlyDictionary<string, TypedBytes> Extensions(MapField<string, Any> field) =>
        field.Count == 0
            ? ImmutableDictionary<string, TypedBytes>.Empty
            : field.ToDictionary(entry => entry.Key, entry => entry.Value.ToRecord(), StringComparer.Ordinal);
}
