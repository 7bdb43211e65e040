using System.Net.Sockets;
using Gantry.Api.Mapping;
using Gantry.Core.Errors;
using Gantry.Core.Namespaces;
using Gantry.Ttrpc;
using Grpc.Core;
using SandboxClient = Gantry.Api.Runtime.Sandbox.Sandbox.SandboxClient;
using TaskClient = Gantry.Api.Runtime.TaskV2.Task.TaskClient;

namespace Gantry.Runtime.Shims;

/// <summary>
/// A connection to a shim. It is never closed while the task lives: that it breaks is how the daemon learns that the shim
/// is dead.
/// </summary>
internal sealed class Shim : IAsyncDisposable
{
    private const string NamespaceHeader = "containerd-namespace-ttrpc";

    private readonly TtrpcClient _client;
    private readonly Metadata _headers;
    private readonly TimeProvider _time;
    private readonly TaskClient _v2;
    private readonly TaskClient _v3;
    private readonly SandboxClient _sandbox;
    private volatile bool _speaksV3;

    private Shim(TtrpcClient client, BootstrapResult bootstrap, Namespace ns, TimeProvider time)
    {
        _client = client;
        _headers = new Metadata { { NamespaceHeader, ns.ToString() } };
        _time = time;
        _v2 = new TaskClient(client.CallInvoker);
        _v3 = new TaskClient(new TaskV3Invoker(client.CallInvoker));
        _sandbox = new SandboxClient(client.CallInvoker);
        _speaksV3 = bootstrap.Version >= 3;
        Address = bootstrap.Address;
    }

    /// <summary>The address of its socket.</summary>
    public string Address { get; }

    /// <summary>Completes when the connection is gone; it never fails.</summary>
    public Task Closed => _client.Closed;

    /// <summary>Connects.</summary>
    /// <param name="bootstrap">What the shim said at its start.</param>
    /// <param name="ns">The namespace that all calls are made in.</param>
    /// <param name="deadline">How long it may take.</param>
    /// <param name="time">The clock.</param>
    /// <param name="cancellationToken">Gives up.</param>
    /// <exception cref="SocketException">Nobody listens there.</exception>
    /// <exception cref="GantryException">DeadlineExceeded. InvalidArgument: the address is none.</exception>
    public static async Task<Shim> ConnectAsync(
        BootstrapResult bootstrap,
        Namespace ns,
        TimeSpan deadline,
        TimeProvider time,
        CancellationToken cancellationToken)
    {
        using CancellationTokenSource limit = new(deadline, time);
        using CancellationTokenSource either = CancellationTokenSource.CreateLinkedTokenSource(limit.Token, cancellationToken);
        try
        {
            return new Shim(await TtrpcClient.ConnectAsync(bootstrap.Address, either.Token), bootstrap, ns, time);
        }
        catch (OperationCanceledException failure) when (!cancellationToken.IsCancellationRequested)
        {
            throw new GantryException(
                ErrorKind.DeadlineExceeded, $"connect to shim {bootstrap.Address}", failure);
        }
    }

    /// <summary>Makes a call.</summary>
    /// <param name="call">The call.</param>
    /// <param name="deadline">How long it may take; null for as long as it does.</param>
    /// <param name="cancellationToken">Gives up.</param>
    /// <exception cref="GantryException">What the shim said; Unavailable when the connection broke.</exception>
    public async Task<T> CallAsync<T>(
        Func<TaskClient, CallOptions, AsyncUnaryCall<T>> call, TimeSpan? deadline, CancellationToken cancellationToken)
    {
        bool v3 = _speaksV3;
        try
        {
            return await CallOnceAsync(v3 ? _v3 : _v2, call, deadline, cancellationToken);
        }
        catch (RpcException failure) when (v3 && failure.StatusCode is StatusCode.Unimplemented)
        {
            // Some shims say 3 and speak 2. One that speaks 3 and lacks the method says so again.
            try
            {
                T result = await CallOnceAsync(_v2, call, deadline, cancellationToken);
                _speaksV3 = false;
                return result;
            }
            catch (RpcException second)
            {
                throw Translate(second.StatusCode is StatusCode.Unimplemented ? failure : second, cancellationToken);
            }
        }
        catch (RpcException failure)
        {
            throw Translate(failure, cancellationToken);
        }
    }

    /// <summary>Makes a call of the sandbox service, which shims of version 3 may have.</summary>
    /// <inheritdoc cref="CallAsync{T}(Func{TaskClient, CallOptions, AsyncUnaryCall{T}}, TimeSpan?, CancellationToken)"/>
    public async Task<T> CallSandboxAsync<T>(
        Func<SandboxClient, CallOptions, AsyncUnaryCall<T>> call, TimeSpan? deadline, CancellationToken cancellationToken)
    {
        try
        {
            return await CallOnceAsync(_sandbox, call, deadline, cancellationToken);
        }
        catch (RpcException failure)
        {
            throw Translate(failure, cancellationToken);
        }
    }

    /// <inheritdoc/>
    public ValueTask DisposeAsync() => _client.DisposeAsync();

    private async Task<T> CallOnceAsync<TClient, T>(
        TClient client,
        Func<TClient, CallOptions, AsyncUnaryCall<T>> call,
        TimeSpan? deadline,
        CancellationToken cancellationToken)
    {
        DateTime? until = deadline is { } span ? (_time.GetUtcNow() + span).UtcDateTime : null;
        using AsyncUnaryCall<T> running = call(client, new CallOptions(_headers, until, cancellationToken));
        return await running.ResponseAsync;
    }

    private static Exception Translate(RpcException failure, CancellationToken cancellationToken) =>
        failure.StatusCode is StatusCode.Cancelled && cancellationToken.IsCancellationRequested
            ? new OperationCanceledException(failure.Status.Detail, failure, cancellationToken)
            : failure.StatusCode is StatusCode.Unknown
                ? GantryException.Verbatim(ErrorKind.Unknown, $"{failure.Status.Detail}: unknown", failure)
                : ErrorMapping.FromRpcException(failure);
}
