using System.Globalization;
using Gantry.Linux.Io;
using Google.Protobuf.Collections;
using Grpc.Core;

namespace Gantry.Ttrpc.Internal;

/// <summary>What a handler is told of its call.</summary>
internal sealed class ServerContext(
    string method,
    PeerCredentials peer,
    DateTime deadline,
    RepeatedField<Api.Ttrpc.KeyValue> metadata,
    CancellationToken cancellationToken) : ServerCallContext
{
    private Metadata? _headers;
    private Metadata? _trailers;
    private Dictionary<object, object>? _userState;
    private AuthContext? _authContext;

    protected override string MethodCore => method;

    protected override string HostCore => "";

    protected override string PeerCore => string.Create(
        CultureInfo.InvariantCulture,
        $"unix:pid={peer.ProcessId},uid={peer.UserId}");

    protected override DateTime DeadlineCore => deadline;

    protected override Metadata RequestHeadersCore => _headers ??= ReadHeaders();

    protected override CancellationToken CancellationTokenCore => cancellationToken;

    protected override Metadata ResponseTrailersCore => _trailers ??= [];

    protected override Status StatusCore { get; set; }

    protected override WriteOptions? WriteOptionsCore { get; set; }

    protected override AuthContext AuthContextCore => _authContext ??= new AuthContext(null, []);

    protected override IDictionary<object, object> UserStateCore => _userState ??= new Dictionary<object, object>
    {
        [ServerCallContextExtensions.PeerKey] = peer,
    };

    protected override ContextPropagationToken CreatePropagationTokenCore(ContextPropagationOptions? options) =>
        throw new NotSupportedException("ttrpc passes no calls on");

    /// <summary>ttrpc has no headers in answers; there is nowhere to write them.</summary>
    protected override Task WriteResponseHeadersAsyncCore(Metadata responseHeaders) => Task.CompletedTask;

    private Metadata ReadHeaders()
    {
        Metadata headers = [];
        foreach (Api.Ttrpc.KeyValue pair in metadata)
        {
            if (!IsKey(pair.Key))
            {
                continue;
            }

            if (!pair.Key.EndsWith(Metadata.BinaryHeaderSuffix, StringComparison.OrdinalIgnoreCase))
            {
                headers.Add(pair.Key, pair.Value);
            }
            else if (TryReadBase64(pair.Value, out byte[] bytes))
            {
                headers.Add(pair.Key, bytes);
            }
        }

        return headers;
    }

    /// <summary>Whether gRPC can hold a key. Others, which ttrpc allows, mean nothing to any service here.</summary>
    private static bool IsKey(string key) =>
        key.Length > 0 && key.AsSpan().IndexOfAnyExcept(KeyCharacters) < 0;

    private static readonly System.Buffers.SearchValues<char> KeyCharacters = System.Buffers.SearchValues.Create(
        "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-");

    private static bool TryReadBase64(string text, out byte[] bytes)
    {
        bytes = new byte[text.Length];
        if (!Convert.TryFromBase64String(text, bytes, out int length))
        {
            return false;
        }

        Array.Resize(ref bytes, length);
        return true;
    }
}
