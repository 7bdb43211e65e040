namespace Gantry.Core.Errors;

/// <summary>
/// The classes of failure that a client can act on. They are containerd's, and each travels as one gRPC code
/// (WIRE: Errors). The text of an error ends with the sentence of its class, see <see cref="ErrorKinds.Sentence"/>.
/// </summary>
public enum ErrorKind
{
    /// <summary>Nothing is known about the failure.</summary>
    Unknown = 0,

    /// <summary>The request itself is wrong, whatever the state of the system.</summary>
    InvalidArgument,

    /// <summary>The object does not exist.</summary>
    NotFound,

    /// <summary>The object exists already.</summary>
    AlreadyExists,

    /// <summary>The caller may not do this.</summary>
    PermissionDenied,

    /// <summary>A limit was reached.</summary>
    ResourceExhausted,

    /// <summary>The system is not in the state that the request needs.</summary>
    FailedPrecondition,

    /// <summary>Another change came between. Travels as FailedPrecondition.</summary>
    Conflict,

    /// <summary>Nothing had to be done. Travels as FailedPrecondition.</summary>
    NotModified,

    /// <summary>The operation was given up and may be tried again at a higher level.</summary>
    Aborted,

    /// <summary>An offset or length lies outside what exists.</summary>
    OutOfRange,

    /// <summary>There is no such operation here.</summary>
    NotImplemented,

    /// <summary>An invariant of the system is broken.</summary>
    Internal,

    /// <summary>Not now: the same request may succeed later.</summary>
    Unavailable,

    /// <summary>Data is lost or corrupt.</summary>
    DataLoss,

    /// <summary>The caller is not known.</summary>
    Unauthenticated,

    /// <summary>The deadline passed first.</summary>
    DeadlineExceeded,

    /// <summary>The caller gave up.</summary>
    Canceled,
}
