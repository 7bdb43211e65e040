namespace Gantry.Shim.Logging;

/// <summary>The shim was started in a way that makes no sense.</summary>
internal sealed class ShimUsageException(string message) : Exception(message);
