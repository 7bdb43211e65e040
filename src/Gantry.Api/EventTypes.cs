using System.Collections.Frozen;
using Gantry.Api.Events;
using Gantry.Api.Services.Images;
using Google.Protobuf.Reflection;

namespace Gantry.Api;

/// <summary>The messages that containerd's events consist of, by name.</summary>
public static class EventTypes
{
    private static readonly FrozenDictionary<string, MessageDescriptor> Types = new[]
    {
        ContainerReflection.Descriptor,
        ContentReflection.Descriptor,
        ImagesReflection.Descriptor,
        NamespaceReflection.Descriptor,
        SandboxReflection.Descriptor,
        SnapshotReflection.Descriptor,
        TaskReflection.Descriptor,
    }.SelectMany(file => file.MessageTypes).ToFrozenDictionary(type => type.FullName, StringComparer.Ordinal);

    /// <summary>Finds a type.</summary>
    /// <param name="typeUrl">Its type URL; a prefix that ends in <c>/</c>, as other languages write it, is legal.</param>
    /// <returns>Null when there is none of that name.</returns>
    public static MessageDescriptor? Find(string typeUrl)
    {
        ArgumentNullException.ThrowIfNull(typeUrl);
        return Types.GetValueOrDefault(typeUrl[(typeUrl.LastIndexOf('/') + 1)..]);
    }
}
