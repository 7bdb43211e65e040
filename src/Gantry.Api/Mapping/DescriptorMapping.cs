using Gantry.Api.Types;
using Gantry.Core.Errors;
using Gantry.Oci.Image;

namespace Gantry.Api.Mapping;

/// <summary>Descriptors of content.</summary>
public static class DescriptorMapping
{
    /// <summary>The descriptor as a message. Platform and URLs have no field there.</summary>
    /// <param name="descriptor">The descriptor.</param>
    public static ContentDescriptor ToMessage(this Descriptor descriptor)
    {
        ArgumentNullException.ThrowIfNull(descriptor);
        ContentDescriptor message = new()
        {
            MediaType = descriptor.MediaType,
            Digest = descriptor.Digest.ToString(),
            Size = descriptor.Size,
        };
        message.Annotations.Fill(descriptor.Annotations);
        return message;
    }

    /// <summary>The descriptor as a record.</summary>
    /// <param name="message">The message.</param>
    /// <param name="field">What the field is called, for the error.</param>
    /// <exception cref="GantryException">InvalidArgument: it is absent, or has no digest or a wrong one.</exception>
    public static Descriptor ToRecord(this ContentDescriptor? message, string field = "descriptor")
    {
        message = Required.Message(message, field);
        return new Descriptor(message.MediaType, Required.Digest(message.Digest, $"{field} digest"), message.Size)
        {
            Annotations = message.Annotations.ToRecord(),
        };
    }
}
