namespace Gantry.Distribution.Push;

/// <summary>How a blob came to be in a repository.</summary>
public enum BlobPush
{
    /// <summary>It was there already.</summary>
    Existed,

    /// <summary>The registry took it over from another of its repositories.</summary>
    Mounted,

    /// <summary>Its bytes were sent.</summary>
    Uploaded,
}
