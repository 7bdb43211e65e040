using System.CommandLine;
using System.Globalization;
using Gantry.Client;
using Gantry.Core.Namespaces;

namespace Gantry.Cli.CommandLine;

/// <summary>What a command works with: the client, the namespace, and the token that ends it.</summary>
internal sealed class Session : IAsyncDisposable
{
    private static readonly TimeSpan CleanupLimit = TimeSpan.FromSeconds(30);

    private readonly CancellationTokenSource _cancel = new();
    private readonly TimeSpan _timeout;

    private Session(ParseResult parse)
    {
        GantryClientOptions options = new() { SocketPath = parse.GetValue(GlobalOptions.Address)! };
        TimeSpan connectTimeout = parse.GetValue(GlobalOptions.ConnectTimeout);
        if (connectTimeout > TimeSpan.Zero)
        {
            options = options with { ConnectTimeout = connectTimeout };
        }

        Client = new GantryClient(options);
        Namespace = Namespace.Parse(parse.GetValue(GlobalOptions.Namespace)!);
        Scope = Client.In(Namespace);
        Signals = new SignalRouter(_cancel);
        _timeout = parse.GetValue(GlobalOptions.Timeout);
        if (_timeout > TimeSpan.Zero)
        {
            _cancel.CancelAfter(_timeout);
        }
    }

    public GantryClient Client { get; }

    public Namespace Namespace { get; }

    /// <summary>The namespace under no lease.</summary>
    public NamespaceClient Scope { get; }

    public SignalRouter Signals { get; }

    /// <summary>Ends with SIGINT, SIGTERM and <c>--timeout</c>.</summary>
    public CancellationToken Token => _cancel.Token;

    /// <summary>The action of a command: makes a session for it, and ends it afterwards.</summary>
    public static Func<ParseResult, CancellationToken, Task<int>> Action(Func<Session, ParseResult, Task<int>> body) =>
        async (parse, _) =>
        {
            await using Session session = new(parse);
            try
            {
                return await body(session, parse);
            }
            catch (OperationCanceledException e) when (!session.Signals.Interrupted && session.Token.IsCancellationRequested)
            {
                throw new TimeoutException(
                    string.Create(CultureInfo.InvariantCulture, $"timed out after {session._timeout.TotalSeconds:0.###} s"),
                    e);
            }
        };

    /// <summary>A token for cleaning up, which has to be done even though the command was interrupted.</summary>
    public static CancellationTokenSource Cleanup() => new(CleanupLimit);

    public async ValueTask DisposeAsync()
    {
        Signals.Dispose();
        await Client.DisposeAsync();
        _cancel.Dispose();
    }
}
