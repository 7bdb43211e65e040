using Gantry.Core.Errors;
using Mount = Gantry.Core.Mounts.Mount;

namespace Gantry.Api.Mapping;

/// <summary>Mounts.</summary>
public static class MountMapping
{
    /// <summary>The mount as a message.</summary>
    /// <param name="mount">The mount.</param>
    public static Types.Mount ToMessage(this Mount mount)
    {
        ArgumentNullException.ThrowIfNull(mount);
        return new Types.Mount
        {
            Type = mount.Type,
            Source = mount.Source,
            Target = mount.Target,
            Options = { mount.Options },
        };
    }

    /// <summary>The mount as a record.</summary>
    /// <param name="message">The message.</param>
    /// <exception cref="GantryException">InvalidArgument: it is absent.</exception>
    public static Mount ToRecord(this Types.Mount? message)
    {
        message = Required.Message(message, "mount");
        return new Mount(message.Type, message.Source, [.. message.Options]) { Target = message.Target };
    }

    /// <summary>Mounts as messages, in order.</summary>
    /// <param name="mounts">The mounts.</param>
    public static IEnumerable<Types.Mount> ToMessages(this IEnumerable<Mount> mounts) => mounts.Select(ToMessage);

    /// <summary>Mounts as records, in order.</summary>
    /// <param name="messages">The messages.</param>
    public static IReadOnlyList<Mount> ToRecords(this IEnumerable<Types.Mount> messages) =>
        [.. messages.Select(ToRecord)];
}
