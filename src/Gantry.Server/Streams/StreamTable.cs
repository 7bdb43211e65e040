using System.Diagnostics.CodeAnalysis;
using Gantry.Core.Errors;

namespace Gantry.Server.Streams;

/// <summary>
/// The open streams of clients, by namespace and name: a client opens one and names it, and another call then uses it.
/// </summary>
internal sealed class StreamTable
{
    private const int NameLimit = 1024;

    // Guards _streams.
    private readonly Lock _gate = new();
    private readonly Dictionary<(string Namespace, string Name), ClientStream> _streams = [];

    /// <summary>Makes a stream known.</summary>
    /// <param name="stream">The stream.</param>
    /// <exception cref="GantryException">AlreadyExists: there is one of that name; InvalidArgument: it is too long.</exception>
    public void Add(ClientStream stream)
    {
        if (stream.Name.Length > NameLimit)
        {
            throw new GantryException(ErrorKind.InvalidArgument, $"stream name: longer than {NameLimit}");
        }

        lock (_gate)
        {
            if (!_streams.TryAdd((stream.Namespace, stream.Name), stream))
            {
                throw new GantryException(ErrorKind.AlreadyExists, $"stream \"{stream.Name}\"");
            }
        }
    }

    /// <summary>A stream by its name.</summary>
    /// <param name="ns">Its namespace; empty for a call without one.</param>
    /// <param name="name">Its name.</param>
    /// <exception cref="GantryException">NotFound.</exception>
    public ClientStream Get(string ns, string name) => TryGet(ns, name, out ClientStream? stream)
        ? stream
        : throw new GantryException(ErrorKind.NotFound, $"stream \"{name}\"");

    /// <summary>Forgets a stream whose call has ended.</summary>
    /// <param name="stream">The stream.</param>
    public void Remove(ClientStream stream)
    {
        lock (_gate)
        {
            _streams.Remove((stream.Namespace, stream.Name));
        }
    }

    /// <summary>Closes the streams that were opened under a lease, which has ended.</summary>
    /// <param name="ns">Its namespace.</param>
    /// <param name="lease">Its id.</param>
    public void CloseLeased(string ns, string lease)
    {
        ClientStream[] leased;
        lock (_gate)
        {
            leased = [.. _streams.Values.Where(stream => stream.Namespace == ns && stream.Lease == lease)];
        }

        foreach (ClientStream stream in leased)
        {
            stream.Close();
        }
    }

    private bool TryGet(string ns, string name, [NotNullWhen(true)] out ClientStream? stream)
    {
        lock (_gate)
        {
            return _streams.TryGetValue((ns, name), out stream);
        }
    }
}
