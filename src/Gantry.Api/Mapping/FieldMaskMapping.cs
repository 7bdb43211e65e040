using FieldMask = Gantry.Core.FieldMask;
using FieldMaskMessage = Google.Protobuf.WellKnownTypes.FieldMask;

namespace Gantry.Api.Mapping;

/// <summary>Field masks.</summary>
public static class FieldMaskMapping
{
    /// <summary>The mask as a message; null when it names nothing.</summary>
    /// <param name="mask">The mask.</param>
    public static FieldMaskMessage? ToMessage(this FieldMask mask)
    {
        ArgumentNullException.ThrowIfNull(mask);
        return mask.IsEmpty ? null : new FieldMaskMessage { Paths = { mask.Paths } };
    }

    /// <summary>The mask as a record; the empty one when it is absent.</summary>
    /// <param name="message">The message; may be absent.</param>
    public static FieldMask ToRecord(this FieldMaskMessage? message) =>
        message is null || message.Paths.Count == 0 ? FieldMask.Empty : new FieldMask([.. message.Paths]);
}
