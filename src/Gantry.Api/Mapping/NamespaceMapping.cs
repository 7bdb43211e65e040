using Gantry.Core.Errors;
using Gantry.Core.Namespaces;
using NamespaceMessage = Gantry.Api.Services.Namespaces.Namespace;

namespace Gantry.Api.Mapping;

/// <summary>Namespaces.</summary>
public static class NamespaceMapping
{
    /// <summary>The namespace as a message.</summary>
    /// <param name="info">The namespace.</param>
    public static NamespaceMessage ToMessage(this NamespaceInfo info)
    {
        ArgumentNullException.ThrowIfNull(info);
        NamespaceMessage message = new() { Name = info.Name.ToString() };
        message.Labels.Fill(info.Labels);
        return message;
    }

    /// <summary>The namespace as a record.</summary>
    /// <param name="message">The message.</param>
    /// <exception cref="GantryException">InvalidArgument: it is absent, or its name is no identifier.</exception>
    public static NamespaceInfo ToRecord(this NamespaceMessage? message)
    {
        message = Required.Message(message, "namespace");
        return new NamespaceInfo(Namespace.Parse(message.Name), message.Labels.ToRecord());
    }
}
