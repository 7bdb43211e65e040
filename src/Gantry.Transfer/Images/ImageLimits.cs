namespace Gantry.Transfer.Images;

/// <summary>How large an image may be: a few bytes of a registry must not make endless work.</summary>
internal static class ImageLimits
{
    /// <summary>Indexes below the topmost one, each in the one before.</summary>
    public const int IndexDepth = 4;

    /// <summary>Manifests and indexes of an image.</summary>
    public const int Manifests = 4096;

    /// <summary>Layers of a manifest.</summary>
    public const int Layers = 1024;
}
