namespace Gantry.Core.Errors;

/// <summary>The words that belong to each <see cref="ErrorKind"/>.</summary>
public static class ErrorKinds
{
    /// <summary>The sentence that ends the text of an error of this kind. Clients of containerd match on it.</summary>
    /// <param name="kind">Any kind.</param>
    public static string Sentence(this ErrorKind kind) => kind switch
    {
        ErrorKind.InvalidArgument => "invalid argument",
        ErrorKind.NotFound => "not found",
        ErrorKind.AlreadyExists => "already exists",
        ErrorKind.PermissionDenied => "permission denied",
        ErrorKind.ResourceExhausted => "resource exhausted",
        ErrorKind.FailedPrecondition => "failed precondition",
        ErrorKind.Conflict => "conflict",
        ErrorKind.NotModified => "not modified",
        ErrorKind.Aborted => "aborted",
        ErrorKind.OutOfRange => "out of range",
        ErrorKind.NotImplemented => "not implemented",
        ErrorKind.Internal => "internal",
        ErrorKind.Unavailable => "unavailable",
        ErrorKind.DataLoss => "data loss",
        ErrorKind.Unauthenticated => "unauthorized",
        ErrorKind.DeadlineExceeded => "context deadline exceeded",
        ErrorKind.Canceled => "context canceled",
        _ => "unknown",
    };
}
