namespace Gantry.Core.Containers;

/// <summary>
/// What a checkpoint is made of: an index whose entries are blobs of these media types, beside the container's image and
/// the layer of what has changed in it.
/// </summary>
public static class CheckpointMediaTypes
{
    /// <summary>A tar of the files that criu writes: memory and processes.</summary>
    public const string Images = "application/vnd.containerd.container.criu.checkpoint.criu.tar";

    /// <summary>The container's spec, an Any.</summary>
    public const string Spec = "application/vnd.containerd.container.checkpoint.config.v1+proto";

    /// <summary>The options that the checkpoint was made with, an Any.</summary>
    public const string Options = "application/vnd.containerd.container.checkpoint.options.v1+proto";

    /// <summary>The options of the container's runtime, an Any.</summary>
    public const string RuntimeOptions = "application/vnd.containerd.container.checkpoint.runtime.options+proto";
}
