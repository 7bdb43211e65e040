using System.Runtime.CompilerServices;
using Gantry.Client.Internal;
using Gantry.Core.Events;
using Google.Protobuf;

namespace Gantry.Client.Events;

/// <summary>Events as they come in answer to a call.</summary>
internal static class EventReader
{
    /// <summary>All of them. The call ends when no more are asked for.</summary>
    /// <typeparam name="T">The message that an event comes as.</typeparam>
    /// <param name="reader">The call.</param>
    /// <param name="record">An event out of its message.</param>
    /// <param name="cancellationToken">Ends it.</param>
    public static async IAsyncEnumerable<EventEnvelope> ReadEventsAsync<T>(
        this RpcReader reader,
        Func<T, EventEnvelope> record,
        [EnumeratorCancellation] CancellationToken cancellationToken)
        where T : IMessage, new()
    {
        using (reader)
        {
            T message = new();
            while (await reader.ReadAsync(message, cancellationToken).ConfigureAwait(false))
            {
                yield return record(message);
                message = new T();
            }
        }
    }
}
