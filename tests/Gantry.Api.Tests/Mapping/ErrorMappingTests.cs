using Gantry.Api.Mapping;
using Gantry.Core.Errors;
using Google.Protobuf;
using Google.Protobuf.WellKnownTypes;
using Grpc.Core;
using Xunit;
using RpcStatus = Google.Rpc.Status;

namespace Gantry.Api.Tests.Mapping;

public sealed class ErrorMappingTests
{
    public static TheoryData<ErrorKind, StatusCode> Codes => new()
    {
        { ErrorKind.Unknown, StatusCode.Unknown },
        { ErrorKind.InvalidArgument, StatusCode.InvalidArgument },
        { ErrorKind.NotFound, StatusCode.NotFound },
        { ErrorKind.AlreadyExists, StatusCode.AlreadyExists },
        { ErrorKind.PermissionDenied, StatusCode.PermissionDenied },
        { ErrorKind.ResourceExhausted, StatusCode.ResourceExhausted },
        { ErrorKind.FailedPrecondition, StatusCode.FailedPrecondition },
        { ErrorKind.Conflict, StatusCode.FailedPrecondition },
        { ErrorKind.NotModified, StatusCode.FailedPrecondition },
        { ErrorKind.Aborted, StatusCode.Aborted },
        { ErrorKind.OutOfRange, StatusCode.OutOfRange },
        { ErrorKind.NotImplemented, StatusCode.Unimplemented },
        { ErrorKind.Internal, StatusCode.Internal },
        { ErrorKind.Unavailable, StatusCode.Unavailable },
        { ErrorKind.DataLoss, StatusCode.DataLoss },
        { ErrorKind.Unauthenticated, StatusCode.Unauthenticated },
        { ErrorKind.DeadlineExceeded, StatusCode.DeadlineExceeded },
        { ErrorKind.Canceled, StatusCode.Cancelled },
    };

    [Theory]
    [MemberData(nameof(Codes))]
    public void An_error_travels_as_its_code_and_comes_back_as_it_was(ErrorKind kind, StatusCode code)
    {
        GantryException error = new(kind, "thing \"x\"");

        RpcException sent = error.ToRpcException();
        GantryException received = ErrorMapping.FromRpcException(sent);

        Assert.Equal(code, sent.StatusCode);
        Assert.Equal(error.Message, sent.Status.Detail);
        Assert.Equal(kind, received.Kind);
        Assert.Equal(error.Message, received.Message);
    }

    [Fact]
    public void Every_class_has_a_code()
    {
        Assert.Equal(System.Enum.GetValues<ErrorKind>().Length, Codes.Count);
    }

    [Theory]
    [InlineData("update x: conflict", ErrorKind.Conflict)]
    [InlineData("conflict", ErrorKind.Conflict)]
    [InlineData("update x: not modified", ErrorKind.NotModified)]
    [InlineData("it is in conflict", ErrorKind.FailedPrecondition)]
    [InlineData("", ErrorKind.FailedPrecondition)]
    public void Classes_that_share_a_code_are_told_apart_by_the_end_of_the_text(string text, ErrorKind kind)
    {
        Assert.Equal(kind, StatusCode.FailedPrecondition.ToErrorKind(text));
    }

    [Fact]
    public void The_text_of_another_process_is_kept_and_ends_with_its_class()
    {
        RpcException remote = new(new Status(StatusCode.NotFound, "process already finished"));

        Assert.Equal("process already finished: not found", ErrorMapping.FromRpcException(remote).Message);
    }

    [Fact]
    public void A_failure_that_is_no_error_of_the_contract_is_unknown_and_keeps_its_text()
    {
        RpcException sent = new IOException("mount /x: permission denied").ToRpcException();

        Assert.Equal(StatusCode.Unknown, sent.StatusCode);
        Assert.Equal("mount /x: permission denied", sent.Status.Detail);
    }

    [Fact]
    public void A_cancellation_says_whether_the_deadline_was_to_blame()
    {
        OperationCanceledException canceled = new();

        Assert.Equal("context canceled", canceled.ToRpcException().Status.Detail);
        Assert.Equal(StatusCode.Cancelled, canceled.ToRpcException().StatusCode);
        Assert.Equal("context deadline exceeded", canceled.ToRpcException(deadlinePassed: true).Status.Detail);
        Assert.Equal(StatusCode.DeadlineExceeded, new TimeoutException().ToRpcException().StatusCode);
    }

    [Fact]
    public void Details_of_a_status_survive_the_way_through_an_exception()
    {
        RpcStatus status = new()
        {
            Code = 5,
            Message = "a: not found",
            Details = { new Any { TypeUrl = "x", Value = ByteString.CopyFromUtf8("y") } },
        };

        Assert.Equal(status, status.ToRpcException().ToStatus());
    }

    [Fact]
    public void Malformed_details_are_left_out()
    {
        Metadata trailers = [new Metadata.Entry(ErrorMapping.DetailsTrailer, [0x0a, 0x7f])];
        RpcException error = new(new Status(StatusCode.NotFound, "a: not found"), trailers);

        Assert.Equal(new RpcStatus { Code = 5, Message = "a: not found" }, error.ToStatus());
    }

    [Theory]
    [InlineData(0)]
    [InlineData(-1)]
    [InlineData(17)]
    [InlineData(int.MaxValue)]
    public void A_code_that_does_not_exist_is_unknown(int code)
    {
        RpcStatus status = new() { Code = code, Message = "x" };

        Assert.Equal(ErrorKind.Unknown, ErrorMapping.FromRpcException(status.ToRpcException()).Kind);
    }
}
