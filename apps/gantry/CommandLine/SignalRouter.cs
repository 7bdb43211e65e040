using System.Runtime.InteropServices;
using System.Threading.Channels;

namespace Gantry.Cli.CommandLine;

/// <summary>
/// Where signals to this process go: at first they end the command; once a container is attached they are its own.
/// </summary>
internal sealed class SignalRouter : IDisposable
{
    private const int SIGHUP = 1;
    private const int SIGINT = 2;
    private const int SIGQUIT = 3;
    private const int SIGUSR1 = 10;
    private const int SIGUSR2 = 12;
    private const int SIGTERM = 15;

    private readonly CancellationTokenSource _cancel;
    private readonly List<PosixSignalRegistration> _registrations = [];
    private volatile ChannelWriter<uint>? _forward;

    public SignalRouter(CancellationTokenSource cancel)
    {
        _cancel = cancel;
        foreach (int signal in (ReadOnlySpan<int>)[SIGINT, SIGTERM, SIGHUP, SIGQUIT])
        {
            Register(signal);
        }
    }

    /// <summary>Whether a signal has ended the command.</summary>
    public bool Interrupted { get; private set; }

    /// <summary>From now on signals come out of the channel that is returned, until it is given back.</summary>
    public ChannelReader<uint> Divert()
    {
        Channel<uint> channel = Channel.CreateBounded<uint>(
            new BoundedChannelOptions(16) { FullMode = BoundedChannelFullMode.DropOldest });
        Register(SIGUSR1);
        Register(SIGUSR2);
        _forward = channel.Writer;
        return channel.Reader;
    }

    /// <summary>From now on signals end the command again.</summary>
    public void Restore()
    {
        _forward?.TryComplete();
        _forward = null;
    }

    public void Dispose()
    {
        foreach (PosixSignalRegistration registration in _registrations)
        {
            registration.Dispose();
        }
    }

    private void Register(int signal) =>
        _registrations.Add(PosixSignalRegistration.Create((PosixSignal)signal, context => OnSignal(context, signal)));

    private void OnSignal(PosixSignalContext context, int signal)
    {
        context.Cancel = true;
        if (_forward is { } forward)
        {
            forward.TryWrite((uint)signal);
            return;
        }

        Interrupted = true;
        _cancel.Cancel();
    }
}
