using Gantry.Core.Errors;
using Gantry.Core.Mounts;
using ActiveMount = Gantry.Core.Mounts.ActiveMount;

namespace Gantry.Api.Mapping;

/// <summary>Mounts that are active.</summary>
public static class ActivationMapping
{
    /// <summary>The activation as a message.</summary>
    /// <param name="activation">The activation.</param>
    public static Types.ActivationInfo ToMessage(this Activation activation)
    {
        ArgumentNullException.ThrowIfNull(activation);
        Types.ActivationInfo message = new()
        {
            Name = activation.Name,
            Active = { activation.Active.Select(ToMessage) },
            System = { activation.System.ToMessages() },
        };
        message.Labels.Fill(activation.Labels);
        return message;
    }

    /// <summary>The activation as a record.</summary>
    /// <param name="message">The message.</param>
    /// <exception cref="GantryException">InvalidArgument: it is absent.</exception>
    public static Activation ToRecord(this Types.ActivationInfo? message)
    {
        message = Required.Message(message, "info");
        return new Activation(
            message.Name,
            [.. message.Active.Select(ToRecord)],
            message.System.ToRecords(),
            message.Labels.ToRecord());
    }

    private static Types.ActiveMount ToMessage(ActiveMount active)
    {
        Types.ActiveMount message = new()
        {
            Mount = active.Mount.ToMessage(),
            MountedAt = active.MountedAt.ToMessage(),
            MountPoint = active.MountPoint,
        };
        message.Data.Fill(active.Data);
        return message;
    }

    private static ActiveMount ToRecord(Types.ActiveMount message) =>
        new(message.Mount.ToRecord(), message.MountPoint, message.MountedAt.ToRecord())
        {
            Data = message.Data.ToRecord(),
        };
}
