using System.Globalization;
using Gantry.Core.Errors;

namespace Gantry.Core.Events;

/// <summary>Where a replay of events begins.</summary>
/// <param name="After">After the event with this sequence number; null: see <paramref name="Since"/>.</param>
/// <param name="Since">With the first event of this time or later; null, with no number either: the earliest that is kept.</param>
public readonly record struct EventCursor(ulong? After, DateTimeOffset? Since)
{
    private const string EarliestText = "earliest";

    /// <summary>The earliest event that is kept.</summary>
    public static EventCursor Earliest => default;

    /// <summary>Reads a cursor as it travels in a header.</summary>
    /// <param name="text"><c>earliest</c>, a sequence number in decimal, or a time (RFC 3339).</param>
    /// <exception cref="GantryException">InvalidArgument: it is none of these.</exception>
    public static EventCursor Parse(string text)
    {
        ArgumentNullException.ThrowIfNull(text);
        if (text == EarliestText)
        {
            return Earliest;
        }

        if (ulong.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out ulong number))
        {
            return new EventCursor(number, null);
        }

        return text.Contains('T', StringComparison.Ordinal)
            && DateTimeOffset.TryParse(
                text, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out DateTimeOffset time)
            ? new EventCursor(null, time)
            : throw new GantryException(
                ErrorKind.InvalidArgument, $"event cursor \"{text}\" is no sequence number, no time and not \"{EarliestText}\"");
    }

    /// <summary>The cursor as <see cref="Parse"/> reads it.</summary>
    public override string ToString() =>
        After?.ToString(CultureInfo.InvariantCulture) ?? Since?.ToString("O", CultureInfo.InvariantCulture) ?? EarliestText;
}
