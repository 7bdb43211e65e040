using System.Collections.Immutable;
using Gantry.Api.Services.Images;
using Gantry.Api.Types;
using Gantry.Core.Errors;
using Gantry.Core.Images;
using Gantry.Oci.Image;

namespace Gantry.Api.Mapping;

/// <summary>Images.</summary>
public static class ImageMapping
{
    /// <summary>The image as a message.</summary>
    /// <param name="image">The image.</param>
    public static Image ToMessage(this ImageRecord image)
    {
        ArgumentNullException.ThrowIfNull(image);
        Image message = new()
        {
            Name = image.Name,
            Target = image.Target.ToMessage(),
            CreatedAt = image.CreatedAt.ToMessage(),
            UpdatedAt = image.UpdatedAt.ToMessage(),
        };
        message.Labels.Fill(image.Labels);
        return message;
    }

    /// <summary>The image as a record.</summary>
    /// <param name="message">The message.</param>
    /// <exception cref="GantryException">InvalidArgument: it is absent, or its target has a wrong digest.</exception>
    /// <remarks>
    /// A target that is absent, or has no digest, becomes one with an empty digest: who only changes labels sends none.
    /// Whether there must be one is for the store to say.
    /// </remarks>
    public static ImageRecord ToRecord(this Image? message)
    {
        message = Required.Message(message, "image");
        return new ImageRecord(
            message.Name,
            TargetOf(message.Target),
            message.Labels.ToRecord(),
            message.CreatedAt.ToRecord(),
            message.UpdatedAt.ToRecord());
    }

    private static Descriptor TargetOf(ContentDescriptor? target)
    {
        if (target is { Digest.Length: > 0 } && !Digest.TryParse(target.Digest, out _))
        {
            throw new GantryException(
                ErrorKind.InvalidArgument,
                $"Target.Digest \"{target.Digest}\" invalid: {Digest.Problem(target.Digest)}");
        }

        return target is { Digest.Length: > 0 }
            ? target.ToRecord("image target")
            : new Descriptor(target?.MediaType ?? "", default, target?.Size ?? 0)
            {
                Annotations = target?.Annotations.ToRecord() ?? ImmutableDictionary<string, string>.Empty,
            };
    }
}
