namespace Gantry.Ttrpc.Internal;

/// <summary>What a frame carries.</summary>
internal enum FrameType : byte
{
    Request = 1,
    Response = 2,
    Data = 3,
}
