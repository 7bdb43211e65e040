using Gantry.Api.Services.Images;
using Gantry.Core.Errors;
using Gantry.Core.Images;

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
    /// <exception cref="GantryException">InvalidArgument: it is absent, or has no target or a wrong one.</exception>
    public static ImageRecord ToRecord(this Image? message)
    {
        message = Required.Message(message, "image");
        return new ImageRecord(
            message.Name,
            message.Target.ToRecord("image target"),
            message.Labels.ToRecord(),
            message.CreatedAt.ToRecord(),
            message.UpdatedAt.ToRecord());
    }
}
