namespace Gantry.Shim.Tests;

/// <summary>The shims that a behaviour is tried on: containerd's own first, which says what it has to be.</summary>
internal static class Shims
{
    public const string Reference = "containerd-shim-runc-v2";
    public const string Ours = ShimBinary.Name;
}
