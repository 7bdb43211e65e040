using Gantry.Core.Errors;
using Gantry.Linux;

namespace Gantry.Server.Services;

/// <summary>Errors that tell of the disk and not of the call: full, read-only, failing.</summary>
internal static class DiskErrors
{
    private const int EDQUOT = 122;

    /// <summary>The error for a client; null for an error of another kind.</summary>
    public static GantryException? TryDescribe(Exception exception)
    {
        if (exception is not IOException)
        {
            return null;
        }

        // The runtime keeps the system's error number where it has no class of its own for it.
        int errno = exception is LinuxException known ? known.Errno : exception.HResult;
        (ErrorKind Kind, string Text)? meaning = errno switch
        {
            Errno.ENOSPC or EDQUOT => (ErrorKind.ResourceExhausted, "no space left on device"),
            Errno.EROFS => (ErrorKind.FailedPrecondition, "read-only file system"),
            Errno.EIO => (ErrorKind.DataLoss, "input/output error"),
            _ => null,
        };
        return meaning is not { } found ? null
            : exception.Message.Contains(found.Text, StringComparison.OrdinalIgnoreCase)
                ? new GantryException(found.Kind, exception.Message, exception)
                : new GantryException(found.Kind, $"{exception.Message}: {found.Text}", exception);
    }
}
