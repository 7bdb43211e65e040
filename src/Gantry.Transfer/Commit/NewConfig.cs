using System.Globalization;
using System.Text.Json.Nodes;
using Gantry.Core.Errors;
using Gantry.Oci.Image;

namespace Gantry.Transfer.Commit;

/// <summary>Makes the config of an image out of that of its base.</summary>
internal static class NewConfig
{
    private const string Cmd = "CMD";
    private const string Entrypoint = "ENTRYPOINT";

    /// <summary>The new config.</summary>
    /// <param name="baseConfig">The config of the base, as it is stored.</param>
    /// <param name="request">What is to be changed.</param>
    /// <param name="diffId">The diff id of the new layer; null when there is none.</param>
    /// <param name="now">The time of the image.</param>
    /// <exception cref="GantryException">InvalidArgument: the base's config is malformed.</exception>
    public static byte[] Make(byte[] baseConfig, CommitRequest request, Digest? diffId, DateTimeOffset now)
    {
        JsonObject config = ConfigJson.Parse(baseConfig, "image config");
        string created = now.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss.FFFFFFF'Z'", CultureInfo.InvariantCulture);
        config["created"] = created;
        if (request.Author.Length > 0)
        {
            config["author"] = request.Author;
        }

        JsonObject run = ConfigJson.Object(config, "config");
        foreach (ConfigChange change in request.Changes)
        {
            change.Apply(run);
        }

        // As in a Dockerfile: the base's arguments are not for another entry point.
        if (request.Changes.Any(change => change.Instruction == Entrypoint)
            && !request.Changes.Any(change => change.Instruction == Cmd))
        {
            run.Remove("Cmd");
        }

        JsonObject history = new() { ["created"] = created };
        Add(history, "created_by", request.CreatedBy);
        Add(history, "author", request.Author);
        Add(history, "comment", request.Message);
        if (diffId is { } layer)
        {
            ConfigJson.List(ConfigJson.Object(config, "rootfs"), "diff_ids").Add((JsonNode)layer.ToString());
        }
        else
        {
            history["empty_layer"] = true;
        }

        ConfigJson.List(config, "history").Add((JsonNode)history);
        return ConfigJson.ToBytes(config);
    }

    private static void Add(JsonObject target, string key, string value)
    {
        if (value.Length > 0)
        {
            target[key] = value;
        }
    }
}
