using Gantry.Core.Errors;
using Google.Protobuf;
using Grpc.Core;
using RpcStatus = Google.Rpc.Status;

namespace Gantry.Api.Mapping;

/// <summary>
/// How errors travel: the class as a gRPC code, the text letter for letter, anything more as details of a
/// <c>google.rpc.Status</c>. A conflict and a change that was not needed share the code FailedPrecondition with its own
/// class, and are told apart by how the text ends.
/// </summary>
public static class ErrorMapping
{
    /// <summary>The trailer in which gRPC carries a <c>google.rpc.Status</c>.</summary>
    public const string DetailsTrailer = "grpc-status-details-bin";

    /// <summary>The code that a class of error travels as.</summary>
    /// <param name="kind">The class.</param>
    public static StatusCode ToStatusCode(this ErrorKind kind) => kind switch
    {
        ErrorKind.InvalidArgument => StatusCode.InvalidArgument,
        ErrorKind.NotFound => StatusCode.NotFound,
        ErrorKind.AlreadyExists => StatusCode.AlreadyExists,
        ErrorKind.PermissionDenied => StatusCode.PermissionDenied,
        ErrorKind.ResourceExhausted => StatusCode.ResourceExhausted,
        ErrorKind.FailedPrecondition or ErrorKind.Conflict or ErrorKind.NotModified => StatusCode.FailedPrecondition,
        ErrorKind.Aborted => StatusCode.Aborted,
        ErrorKind.OutOfRange => StatusCode.OutOfRange,
        ErrorKind.NotImplemented => StatusCode.Unimplemented,
        ErrorKind.Internal => StatusCode.Internal,
        ErrorKind.Unavailable => StatusCode.Unavailable,
        ErrorKind.DataLoss => StatusCode.DataLoss,
        ErrorKind.Unauthenticated => StatusCode.Unauthenticated,
        ErrorKind.DeadlineExceeded => StatusCode.DeadlineExceeded,
        ErrorKind.Canceled => StatusCode.Cancelled,
        _ => StatusCode.Unknown,
    };

    /// <summary>The class of an error that came as a code and a text.</summary>
    /// <param name="code">The code.</param>
    /// <param name="message">The text, whose end tells classes of one code apart.</param>
    public static ErrorKind ToErrorKind(this StatusCode code, string message) => code switch
    {
        StatusCode.InvalidArgument => ErrorKind.InvalidArgument,
        StatusCode.NotFound => ErrorKind.NotFound,
        StatusCode.AlreadyExists => ErrorKind.AlreadyExists,
        StatusCode.PermissionDenied => ErrorKind.PermissionDenied,
        StatusCode.ResourceExhausted => ErrorKind.ResourceExhausted,
        StatusCode.FailedPrecondition when IsOf(ErrorKind.Conflict, message) => ErrorKind.Conflict,
        StatusCode.FailedPrecondition when IsOf(ErrorKind.NotModified, message) => ErrorKind.NotModified,
        StatusCode.FailedPrecondition => ErrorKind.FailedPrecondition,
        StatusCode.Aborted => ErrorKind.Aborted,
        StatusCode.OutOfRange => ErrorKind.OutOfRange,
        StatusCode.Unimplemented => ErrorKind.NotImplemented,
        StatusCode.Internal => ErrorKind.Internal,
        StatusCode.Unavailable => ErrorKind.Unavailable,
        StatusCode.DataLoss => ErrorKind.DataLoss,
        StatusCode.Unauthenticated => ErrorKind.Unauthenticated,
        StatusCode.DeadlineExceeded => ErrorKind.DeadlineExceeded,
        StatusCode.Cancelled => ErrorKind.Canceled,
        _ => ErrorKind.Unknown,
    };

    /// <summary>The form in which a client of gRPC or ttrpc gets an error.</summary>
    /// <param name="exception">The error.</param>
    public static RpcException ToRpcException(this GantryException exception)
    {
        ArgumentNullException.ThrowIfNull(exception);
        return new RpcException(new Status(exception.Kind.ToStatusCode(), exception.Message, exception));
    }

    /// <summary>
    /// The form in which a client gets any failure of a service. What is no error of the contract becomes Unknown and
    /// keeps its text, as containerd does it.
    /// </summary>
    /// <param name="exception">The failure.</param>
    /// <param name="deadlinePassed">Whether a cancellation was the deadline's doing.</param>
    public static RpcException ToRpcException(this Exception exception, bool deadlinePassed = false)
    {
        ArgumentNullException.ThrowIfNull(exception);
        return exception switch
        {
            RpcException rpc => rpc,
            GantryException known => known.ToRpcException(),
            OperationCanceledException => Cancellation(deadlinePassed, exception),
            TimeoutException => Cancellation(deadlinePassed: true, exception),
            _ => new RpcException(new Status(StatusCode.Unknown, exception.Message, exception)),
        };
    }

    /// <summary>Reads an error that came over gRPC or ttrpc. Its text is kept, and ends with its class.</summary>
    /// <param name="exception">What the stub threw.</param>
    public static GantryException FromRpcException(RpcException exception)
    {
        ArgumentNullException.ThrowIfNull(exception);
        string detail = exception.Status.Detail;
        return new GantryException(exception.StatusCode.ToErrorKind(detail), detail, exception);
    }

    /// <summary>The form in which ttrpc, and every field that holds an error, carries one.</summary>
    /// <param name="exception">The failure.</param>
    /// <param name="deadlinePassed">Whether a cancellation was the deadline's doing.</param>
    public static RpcStatus ToStatus(this Exception exception, bool deadlinePassed = false)
    {
        RpcException rpc = exception.ToRpcException(deadlinePassed);
        RpcStatus status = new() { Code = (int)rpc.StatusCode, Message = rpc.Status.Detail };
        if (rpc.Trailers.GetValueBytes(DetailsTrailer) is { } bytes && TryParseStatus(bytes) is { } carried)
        {
            status.Details.Add(carried.Details);
        }

        return status;
    }

    /// <summary>A status as a gRPC stub throws it; details travel in a trailer.</summary>
    /// <param name="status">The status; not that of success.</param>
    public static RpcException ToRpcException(this RpcStatus status)
    {
        ArgumentNullException.ThrowIfNull(status);
        Status grpc = new(CodeOf(status), status.Message);
        if (status.Details.Count == 0)
        {
            return new RpcException(grpc);
        }

        Metadata trailers = [new Metadata.Entry(DetailsTrailer, status.ToByteArray())];
        return new RpcException(grpc, trailers);
    }

    private static StatusCode CodeOf(RpcStatus status) =>
        status.Code is > (int)StatusCode.OK and <= (int)StatusCode.Unauthenticated
            ? (StatusCode)status.Code
            : StatusCode.Unknown;

    private static RpcException Cancellation(bool deadlinePassed, Exception cause)
    {
        ErrorKind kind = deadlinePassed ? ErrorKind.DeadlineExceeded : ErrorKind.Canceled;
        return new RpcException(new Status(kind.ToStatusCode(), kind.Sentence(), cause));
    }

    private static bool IsOf(ErrorKind kind, string message)
    {
        string sentence = kind.Sentence();
        return message.EndsWith(sentence, StringComparison.Ordinal)
            && (message.Length == sentence.Length
                || message.AsSpan(0, message.Length - sentence.Length).EndsWith(": "));
    }

    private static RpcStatus? TryParseStatus(byte[] bytes)
    {
        try
        {
            return RpcStatus.Parser.ParseFrom(bytes);
        }
        catch (InvalidProtocolBufferException)
        {
            // Details only add to code and text; malformed ones are left out.
            return null;
        }
    }
}
