using Google.Protobuf.WellKnownTypes;

namespace Gantry.Runtime.Sandboxes;

/// <summary>How a sandbox ended.</summary>
/// <param name="Status">Its exit status; 255 when nobody knows.</param>
/// <param name="At">When.</param>
public sealed record SandboxEnd(uint Status, Timestamp At);
