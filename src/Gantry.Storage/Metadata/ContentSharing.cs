namespace Gantry.Storage.Metadata;

/// <summary>Whether a blob that one namespace has can appear in another without being written again.</summary>
public enum ContentSharing
{
    /// <summary>A writer that names the digest of a blob that is on disk gets it, whoever wrote it.</summary>
    Shared,

    /// <summary>As above, but only from namespaces with the label <c>containerd.io/namespace.shareable=true</c>.</summary>
    Isolated,
}
