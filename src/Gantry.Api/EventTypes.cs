using System.Collections.Frozen;
using Gantry.Api.Events;
using Google.Protobuf.Reflection;

namespace Gantry.Runtime.Events;

/// <summary>The messages that filters can look into, by name.</summary>
internal static class EventTypes
{
    private static readonly FrozenDictionary<string, MessageDescriptor> Types = new[]
    {
        ContainerReflection.Descriptor,
        ContentReflection.Descriptor,
        NamespaceReflection.Descriptor,
        SandboxReflection.Descriptor,
        SnapshotReflection.Descriptor,
        TaskReflection.Descriptor,
    }.SelectMany(file => file.MessageTypes).ToFrozenDictionary(type => type.FullName, StringComparer.Ordinal);

    public static MessageDescriptor? Find(string typeUrl) =>
        Types.GetValueOrDefault(typeUrl[(typeUrl.LastIndexOf('/') + 1)..]);
}
