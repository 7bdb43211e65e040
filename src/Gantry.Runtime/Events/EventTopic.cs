using Gantry.Core.Errors;
using Gantry.Core.Namespaces;

namespace Gantry.Runtime.Events;

/// <summary>Topics of events: <c>/</c> and identifiers joined by <c>/</c>.</summary>
internal static class EventTopic
{
    public const string TaskExit = "/tasks/exit";
    public const string TaskDelete = "/tasks/delete";

    private const int MaxLength = 1024;

    public static void Validate(string topic)
    {
        if (string.IsNullOrEmpty(topic))
        {
            throw new GantryException(ErrorKind.InvalidArgument, "envelope topic \"\": must not be empty");
        }

        if (topic[0] != '/')
        {
            throw new GantryException(ErrorKind.InvalidArgument, $"envelope topic \"{topic}\": must start with '/'");
        }

        if (topic.Length == 1)
        {
            throw new GantryException(
                ErrorKind.InvalidArgument, $"envelope topic \"{topic}\": must have at least one component");
        }

        if (topic.Length > MaxLength)
        {
            throw new GantryException(ErrorKind.InvalidArgument, $"envelope topic longer than {MaxLength} characters");
        }

        foreach (string component in topic[1..].Split('/'))
        {
            try
            {
                Identifier.Validate(component);
            }
            catch (GantryException failure)
            {
                throw GantryException.Verbatim(
                    ErrorKind.InvalidArgument,
                    $"envelope topic \"{topic}\": failed validation on component \"{component}\": {failure.Message}",
                    failure);
            }
        }
    }
}
