using System.Text.Json;
using Gantry.Cli.CommandLine;
using Gantry.Cli.Output;
using Gantry.Core.Errors;
using Gantry.Core.Images;
using Gantry.Oci.Image;
using Gantry.Transfer.Images;

namespace Gantry.Cli.Images;

/// <summary>All that is known of an image, as JSON.</summary>
internal static class ImageInspection
{
    /// <summary>Prints it: the record, which platforms there are, and one of them down to its config.</summary>
    public static async Task ShowAsync(Session session, ImageRecord image, PlatformMatcher platform)
    {
        ResolvedImage? resolved = await ResolveAsync(session, image, platform);
        IReadOnlyList<PlatformImage> platforms = await PlatformsAsync(session, image);
        Json.WriteValue(json =>
        {
            json.WriteStartObject();
            json.WriteString("Name", image.Name);
            WriteDescriptor(json, "Target", image.Target);
            json.WriteMap("Labels", image.Labels);
            json.WriteString("CreatedAt", Human.Time(image.CreatedAt));
            json.WriteString("UpdatedAt", Human.Time(image.UpdatedAt));
            WritePlatforms(json, platforms);
            if (resolved is not null)
            {
                WriteResolved(json, resolved);
            }

            json.WriteEndObject();
        });
    }

    private static async Task<ResolvedImage?> ResolveAsync(Session session, ImageRecord image, PlatformMatcher platform)
    {
        try
        {
            return await new ImageReader(session.Scope).ReadAsync(image, platform, session.Token);
        }
        catch (GantryException e) when (e.Kind is ErrorKind.NotFound or ErrorKind.InvalidArgument)
        {
            // Its content is not all here: the record is shown alone.
            return null;
        }
    }

    private static async Task<IReadOnlyList<PlatformImage>> PlatformsAsync(Session session, ImageRecord image)
    {
        try
        {
            return await PlatformImage.ReadAllAsync(session.Scope.Content, image.Target, session.Token);
        }
        catch (GantryException e) when (e.Kind is ErrorKind.InvalidArgument or ErrorKind.FailedPrecondition)
        {
            // It can't be read: the record is shown alone.
            return [];
        }
    }

    private static void WritePlatforms(Utf8JsonWriter json, IReadOnlyList<PlatformImage> platforms)
    {
        json.WriteStartArray("Platforms");
        foreach (PlatformImage platform in platforms)
        {
            json.WriteStartObject();
            json.WriteString("platform", platform.Platform?.ToString() ?? "");
            json.WriteString("digest", platform.Descriptor.Digest.ToString());
            json.WriteBoolean("complete", platform.Missing.Count == 0);
            json.WriteEndObject();
        }

        json.WriteEndArray();
    }

    private static void WriteResolved(Utf8JsonWriter json, ResolvedImage image)
    {
        ContainerDefaults config = image.Config.Config;
        json.WriteString("Platform", image.Config.Platform.ToString());
        json.WriteNumber("Size", image.Size);
        json.WriteString("ChainID", image.ChainId.ToString());
        WriteDescriptor(json, "Manifest", image.ManifestDescriptor);
        WriteDescriptor(json, "ConfigDescriptor", image.Manifest.Config);
        json.WriteStartArray("Layers");
        foreach (Descriptor layer in image.Manifest.Layers)
        {
            WriteDescriptor(json, null, layer);
        }

        json.WriteEndArray();
        json.WriteStartObject("Config");
        json.WriteString("User", config.User);
        json.WriteList("Env", config.Env);
        json.WriteList("Entrypoint", config.Entrypoint);
        json.WriteList("Cmd", config.Cmd);
        json.WriteString("WorkingDir", config.WorkingDir);
        json.WriteString("StopSignal", config.StopSignal);
        json.WriteList("ExposedPorts", config.ExposedPorts);
        json.WriteList("Volumes", config.Volumes);
        json.WriteMap("Labels", config.Labels);
        json.WriteEndObject();
    }

    private static void WriteDescriptor(Utf8JsonWriter json, string? name, Descriptor descriptor)
    {
        if (name is null)
        {
            json.WriteStartObject();
        }
        else
        {
            json.WriteStartObject(name);
        }

        json.WriteString("mediaType", descriptor.MediaType);
        json.WriteString("digest", descriptor.Digest.ToString());
        json.WriteNumber("size", descriptor.Size);
        json.WriteEndObject();
    }
}
