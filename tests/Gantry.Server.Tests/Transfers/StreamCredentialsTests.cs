using System.Threading.Channels;
using Gantry.Api;
using Gantry.Api.Types.Transfer;
using Gantry.Core.Errors;
using Gantry.Distribution.Auth;
using Gantry.Server.Streams;
using Gantry.Server.Transfers;
using Google.Protobuf.WellKnownTypes;
using Grpc.Core;
using Microsoft.Extensions.Time.Testing;
using Xunit;

namespace Gantry.Server.Tests.Transfers;

public sealed class StreamCredentialsTests
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    private readonly FakeTimeProvider _time = new();
    private readonly Client _client = new();

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_client_has_five_minutes_to_answer()
    {
        using StreamCredentials credentials = Open();
        Task<RegistryCredential?> asking = credentials.GetAsync(AskedBy("a.test"), Token).AsTask();
        AuthRequest question = await _client.QuestionAsync();

        _time.Advance(TimeSpan.FromMinutes(5) - TimeSpan.FromSeconds(1));
        Assert.False(asking.IsCompleted);
        _client.Answer(new AuthResponse { AuthType = AuthType.Credentials, Username = "u", Secret = "s" });

        RegistryCredential? credential = await asking.WaitAsync(Patience, Token);
        Assert.Equal(("a.test", "a.test/app:v1"), (question.Host, question.Reference));
        Assert.Equal(("u", "s"), (credential?.Username, credential?.Password));
    }

    [Fact]
    public async Task A_client_that_does_not_answer_is_not_asked_again()
    {
        using StreamCredentials credentials = Open();
        Task<RegistryCredential?> first = credentials.GetAsync(AskedBy("a.test"), Token).AsTask();
        Task<RegistryCredential?> second = credentials.GetAsync(AskedBy("b.test"), Token).AsTask();
        await _client.QuestionAsync();

        _time.Advance(TimeSpan.FromMinutes(5));

        GantryException error = await Assert.ThrowsAsync<GantryException>(() => first.WaitAsync(Patience, Token));
        Assert.Equal(ErrorKind.Unauthenticated, error.Kind);
        Assert.Equal("the client does not say who it is at a.test: unauthorized", error.Message);
        error = await Assert.ThrowsAsync<GantryException>(() => second.WaitAsync(Patience, Token));
        Assert.Equal("the client does not say who it is at b.test: unauthorized", error.Message);
        Assert.False(_client.IsAsked);
    }

    [Fact]
    public async Task A_client_that_closes_its_side_has_no_credential()
    {
        using StreamCredentials credentials = Open();
        _client.Close();

        Assert.Null(await credentials.GetAsync(AskedBy("a.test"), Token).AsTask().WaitAsync(Patience, Token));
    }

    private static CredentialRequest AskedBy(string host) => new(host, "repository:app:pull", ["Basic realm=\"x\""]);

    private StreamCredentials Open() =>
        new(new ClientStream("default", "", "creds", _client.Incoming, _client), "a.test/app:v1", _time);

    /// <summary>The client's end of a stream.</summary>
    private sealed class Client : IServerStreamWriter<Any>
    {
        private readonly Channel<Any> _questions = Channel.CreateUnbounded<Any>();
        private readonly Channel<Any> _answers = Channel.CreateUnbounded<Any>();

        public IAsyncStreamReader<Any> Incoming => new Reader(_answers.Reader);

        public bool IsAsked => _questions.Reader.TryPeek(out _);

        public WriteOptions? WriteOptions { get; set; }

        public async Task<AuthRequest> QuestionAsync()
        {
            Any question = await _questions.Reader.ReadAsync(Token).AsTask().WaitAsync(Patience, Token);
            Assert.True(TypeUrl.TryUnpack(question, out AuthRequest? asked));
            return asked;
        }

        public void Answer(AuthResponse answer) => Assert.True(_answers.Writer.TryWrite(TypeUrl.PackAny(answer)));

        public void Close() => _answers.Writer.Complete();

        public Task WriteAsync(Any message) => WriteAsync(message, Token);

        public Task WriteAsync(Any message, CancellationToken cancellationToken) =>
            _questions.Writer.WriteAsync(message, cancellationToken).AsTask();
    }

    private sealed class Reader(ChannelReader<Any> answers) : IAsyncStreamReader<Any>
    {
        private Any? _current;

        public Any Current => _current ?? throw new InvalidOperationException("there is none");

        public async Task<bool> MoveNext(CancellationToken cancellationToken) =>
            await answers.WaitToReadAsync(cancellationToken) && answers.TryRead(out _current);
    }
}
