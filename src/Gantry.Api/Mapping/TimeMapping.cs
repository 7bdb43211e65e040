using Gantry.Core.Errors;
using Google.Protobuf.WellKnownTypes;

namespace Gantry.Api.Mapping;

/// <summary>
/// Times. One that is not known is the first moment of year 1 on either side, which is Go's zero time.
/// </summary>
public static class TimeMapping
{
    /// <summary>The time as a message.</summary>
    /// <param name="time">The time.</param>
    public static Timestamp ToMessage(this DateTimeOffset time) => Timestamp.FromDateTimeOffset(time);

    /// <summary>The time as a value; the default value when it is absent.</summary>
    /// <param name="message">The message; may be absent.</param>
    /// <exception cref="GantryException">InvalidArgument: it lies outside the years 1 to 9999.</exception>
    public static DateTimeOffset ToRecord(this Timestamp? message)
    {
        if (message is null)
        {
            return default;
        }

        try
        {
            return message.ToDateTimeOffset();
        }
        catch (InvalidOperationException outside)
        {
            throw new GantryException(
                ErrorKind.InvalidArgument,
                $"timestamp of {message.Seconds} seconds and {message.Nanos} nanoseconds is out of bounds",
                outside);
        }
    }
}
