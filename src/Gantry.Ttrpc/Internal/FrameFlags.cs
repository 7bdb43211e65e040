namespace Gantry.Ttrpc.Internal;

/// <summary>What a frame says about its stream. A unary request has none.</summary>
[Flags]
internal enum FrameFlags : byte
{
    None = 0,

    /// <summary>The sender sends nothing more on the stream.</summary>
    RemoteClosed = 1,

    /// <summary>On a request: the sender goes on with data.</summary>
    RemoteOpen = 2,

    /// <summary>The frame has no message, in contrast to an empty one.</summary>
    NoData = 4,
}
