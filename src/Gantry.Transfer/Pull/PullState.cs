namespace Gantry.Transfer.Pull;

/// <summary>What is happening to a part of a pull.</summary>
public enum PullState
{
    /// <summary>The registry is asked what the name stands for.</summary>
    Resolving,

    /// <summary>The name stands for the digest that the record has.</summary>
    Resolved,

    /// <summary>It is a manifest or index, and the record tells which parts it has; they come after it.</summary>
    Opened,

    /// <summary>It is known but not begun.</summary>
    Waiting,

    /// <summary>Its bytes are coming in.</summary>
    Downloading,

    /// <summary>Its bytes are being sent.</summary>
    Uploading,

    /// <summary>All its bytes are in and it is being made durable.</summary>
    Committing,

    /// <summary>It was here already.</summary>
    Exists,

    /// <summary>The layer is being unpacked.</summary>
    Unpacking,

    /// <summary>It is here, and unpacked if it is a layer that is to be.</summary>
    Done,
}
